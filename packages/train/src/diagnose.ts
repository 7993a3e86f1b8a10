import type { Variable } from "@tenon/tensor";
import { compile, isFloat, StateError, stack, Tensor, training, variablesOf } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { layersOf } from "./layers-of.ts";
import type { BoundOptimizer } from "./model.ts";
import { argumentsOf, objective, type StepParts } from "./steps.ts";

/** The batch whose loss was not finite. */
export interface BadBatch {
  /** By column. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The key that its step had. */
  readonly key: Tensor;
  readonly epoch: number;
  readonly batch: number;
}

/**
 * Why a loss was not finite, as the error to throw. The state is still what it was before that step: the inputs are looked
 * at first, then the Variables, then every layer in the order of the forward pass, run again on the batch.
 */
export async function diagnose(parts: StepParts, optimizer: BoundOptimizer, bad: BadBatch): Promise<StateError> {
  const found =
    (await inData(bad)) ?? (await inVariables(parts, optimizer)) ?? (await inForward(parts, bad)) ?? unexplained;
  return new StateError(
    "E823",
    "fit",
    `the loss is not finite in batch ${bad.batch} of epoch ${bad.epoch}: ${found.problem}`,
    {
      ...(found.at !== undefined && { at: found.at }),
      fix: found.fix,
    },
  );
}

interface Finding {
  readonly problem: string;
  readonly at?: string;
  readonly fix: string;
}

async function inData({ tensors }: BadBatch): Promise<Finding | undefined> {
  for (const [name, values] of Object.entries(tensors)) {
    const at = await firstBad(values);
    if (at === undefined) continue;
    const width = values.shape.slice(1).reduce<number>((n, d) => n * Number(d), 1);
    return {
      problem: `${name} is ${at.value} in row ${Math.floor(at.index / width)} of the batch`,
      fix: "replace or leave out missing values before training",
    };
  }
  return undefined;
}

async function inVariables({ model }: StepParts, optimizer: BoundOptimizer): Promise<Finding | undefined> {
  for (const source of [model, optimizer]) {
    for (const v of treeLeaves<unknown>(variablesOf(source)) as Variable[]) {
      const at = await firstBad(v.value);
      if (at === undefined) continue;
      return {
        problem: `${v.label()} holds ${at.value}, so an update before it was not finite although its loss was`,
        at: layerOfVariable(v.label()),
        fix: "lower the learning rate, or clip gradients with chain(clipByGlobalNorm(1), …)",
      };
    }
  }
  return undefined;
}

const layerOfVariable = (name: string): string => name.split(".").slice(0, -1).join(".") || name;

async function firstBad(values: Tensor): Promise<{ index: number; value: number } | undefined> {
  if (!isFloat(values.dtype)) return undefined;
  const data = await values.data();
  const index = data.findIndex((value) => !Number.isFinite(value));
  return index < 0 ? undefined : { index, value: data[index]! };
}

async function inForward(parts: StepParts, { tensors, key }: BadBatch): Promise<Finding | undefined> {
  const calls: { readonly name: string; readonly path: string }[] = [];
  const probe = compile((k: Tensor, ...batch: ReturnType<typeof argumentsOf>) => {
    const flags: Tensor[] = [];
    const restore = layersOf(parts.model).map((layer) => {
      const own = Object.getOwnPropertyDescriptor(layer, "forward");
      const forward = layer.forward;
      const watched = (...args: unknown[]): unknown => {
        const result = forward.apply(layer, args);
        for (const leaf of treeLeaves<unknown>(result)) {
          if (!(leaf instanceof Tensor) || !isFloat(leaf.dtype)) continue;
          flags.push(leaf.isFinite().all());
          calls.push({ name: layer.path === "" ? "the model" : layer.path, path: layer.path });
        }
        return result;
      };
      Object.defineProperty(layer, "forward", { value: watched, configurable: true, enumerable: false });
      return () => {
        delete (layer as { forward?: unknown }).forward;
        if (own !== undefined) Object.defineProperty(layer, "forward", own);
      };
    });
    try {
      const { predictions } = objective(parts, batch, training(k));
      for (const leaf of treeLeaves<unknown>(predictions) as Tensor[]) {
        flags.push(leaf.isFinite().all());
        calls.push({ name: "the model", path: "" });
      }
    } finally {
      for (const back of restore) back();
    }
    return stack(flags.map((flag) => flag.cast("int32")));
  }, parts.settings);
  const flags = await (await probe(key, ...argumentsOf(parts, tensors))).data();
  const first = flags.indexOf(0);
  if (first < 0) {
    return {
      problem: "the loss itself is not, although the model's predictions are finite",
      fix: "check that targets lie in the loss's range, and that it gets logits, not probabilities",
    };
  }
  const { name, path } = calls[first]!;
  return {
    problem: `${name} is the first layer whose result holds NaN or infinity`,
    ...(path !== "" && { at: path }),
    fix: "lower the learning rate, scale the inputs, or guard logarithms, roots and divisions in that layer",
  };
}

const unexplained: Finding = {
  problem: "running the step again on its batch gives finite results everywhere",
  fix: "lower the learning rate",
};

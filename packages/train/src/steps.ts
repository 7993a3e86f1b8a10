import { type AnyLayer, maskOf, regularization } from "@tenon/layers";
import {
  type ArgumentSpec,
  type Compiled,
  type CompileSettings,
  type Context,
  compile,
  foldIn,
  type HostKey,
  inference,
  isFinite as isFiniteNumber,
  isFloat,
  ones,
  sameShape,
  select,
  stack,
  Tensor,
  type TensorType,
  tensor,
  training,
  type Variable,
  valueAndGrad,
  variable,
  variablesOf,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { isLayer } from "./layers-of.ts";
import type { BoundOptimizer, Logs, Model } from "./model.ts";
import { type Output, pick } from "./outputs.ts";
import type { OneOrMore, Role } from "./roles.ts";
import { type Judged, Running } from "./running.ts";

/** What is compiled for a model. */
export interface StepParts {
  readonly model: Model;
  readonly outputs: readonly Output[];
  /** Where and how precisely, as `compile` has it. */
  readonly settings: CompileSettings;
  /** The types of a batch of each column that is used. */
  readonly types: Readonly<Record<string, TensorType>>;
  readonly inputs: Role;
  readonly targets: Role;
}

/** What a step takes: inputs and targets as the model has them, and where examples have weights, those. */
type StepArguments = [x: OneOrMore<Tensor>, y: OneOrMore<Tensor>, weight?: Tensor];

export type BatchStep = Compiled<StepArguments, Tensor>;

/** What a step takes of a batch. Examples without weights count 1. */
export function argumentsOf(
  { inputs, targets, types }: StepParts,
  columns: Readonly<Record<string, Tensor>>,
): StepArguments {
  const of = (column: string): Tensor => columns[column]!;
  const [x, y] = [inputs.arrange(of), targets.arrange(of)];
  if (types.weight === undefined) return [x, y];
  return [x, y, columns.weight ?? ones([columns[targets.columns[0]!]!.shape[0]!])];
}

const specsOf = ({ inputs, targets, types }: StepParts): ArgumentSpec[] => {
  const of = (column: string): TensorType => types[column]!;
  return [inputs.arrange(of), targets.arrange(of), ...(types.weight === undefined ? [] : [types.weight])];
};

/** The predictions for a batch, and its mean loss with what regularisers add. */
export function objective(
  { model, outputs }: StepParts,
  [x, y, weight]: StepArguments,
  ctx: Context,
): { predictions: OneOrMore<Tensor>; judged: readonly Judged[]; value: Tensor } {
  const predictions = model.call(x, ctx) as OneOrMore<Tensor>;
  const judged = outputs.map(({ name, loss, labels }): Judged => {
    const own = pick(predictions, name);
    const given = pick(y, name);
    const targets = labels ? given.cast("int32") : given;
    return { predictions: own, targets, loss: meanOf(loss(own, targets).cast("float32"), weight, maskIn(own)) };
  });
  const mean = judged.map(({ loss }, i) => scaled(loss, outputs[i]!.weight)).reduce((a, b) => a.add(b));
  const value = isLayer(model) ? mean.add(regularization(model as unknown as AnyLayer)) : mean;
  return { predictions, judged, value };
}

/** The mean of losses, each times its example's weight; of sequences, the mean of those steps that are real. */
function meanOf(values: Tensor, weight: Tensor | undefined, mask: Tensor | undefined): Tensor {
  const weighted = weight === undefined ? values : values.mul(columnFor(weight, values));
  if (mask === undefined || !sameShape(mask.shape, values.shape)) return weighted.mean();
  const real = mask.cast("float32");
  return weighted.mul(real).sum().div(real.sum().maximum(1));
}

const maskIn = (predictions: OneOrMore<Tensor>): Tensor | undefined =>
  predictions instanceof Tensor ? maskOf(predictions) : undefined;

const scaled = (loss: Tensor, weight: number): Tensor => (weight === 1 ? loss : loss.mul(weight));

/** One number per example, as wide as what the loss gives of each. (B) → (B, 1, …) */
const columnFor = (weight: Tensor, { rank }: Tensor): Tensor =>
  weight.reshape([weight.shape[0]!, ...new Array<number>(Math.max(0, rank - 1)).fill(1)]);

const variablesIn = (source: object): readonly Variable[] => treeLeaves<unknown>(variablesOf(source)) as Variable[];

/**
 * The step of a training: forward, loss, gradients, update and metrics as one program, for any number of examples. It
 * returns the loss of the batch, the mean loss of the epoch so far, and the learning rate where there is one.
 *
 * A loss that is not finite stops the updates, of this step and of all after it, so that the state that led to it is
 * still there when the host reads of it.
 */
export class TrainingStep {
  readonly running: Running;
  /** Where random numbers of the steps come from. */
  readonly key: Variable;
  /** How many updates there were. */
  readonly count: Variable;
  /** Whether every loss was finite. */
  readonly healthy: Variable;
  readonly run: BatchStep;
  readonly #hasRate: boolean;

  constructor(parts: StepParts, optimizer: BoundOptimizer, key: HostKey) {
    const { model, outputs, settings } = parts;
    this.running = new Running(outputs, "train", settings);
    this.key = variable(tensor(Uint32Array.of(...key)), { name: "train.key", role: "key" });
    this.count = variable(tensor(0, { dtype: "int32" }), { name: "train.step", role: "state" });
    this.healthy = variable(tensor(true), { name: "train.healthy", role: "state" });
    const hasRate = rateOf(optimizer) !== undefined;
    this.#hasRate = hasRate;
    this.run = compile(
      (...batch: StepArguments) => {
        const guarded = [...new Set([...variablesIn(model), ...variablesIn(optimizer)])];
        const before = guarded.map((v) => v.value);
        const ctx = training(foldIn(this.key.value, this.count.value));
        const [loss, grads] = valueAndGrad(() => {
          const { judged, value } = objective(parts, batch, ctx);
          this.running.update(value, judged);
          return value;
        }, model);
        optimizer.apply(grads as object | null);
        const healthy = this.healthy.value.and(isFiniteNumber(loss));
        for (const [i, v] of guarded.entries()) {
          if (v.value !== before[i]) v.assign(select(healthy, v.value, before[i]!));
        }
        this.healthy.assign(healthy);
        this.count.assign(this.count.value.add(healthy.cast("int32")));
        const rate = hasRate ? [rateOf(optimizer)!] : [];
        return stack([loss, ...this.running.losses, ...rate]);
      },
      { ...settings, inputs: specsOf(parts), name: "train" },
    );
  }

  /** The numbers of the epoch so far, from what a step returned and from the metrics. */
  async logs(returned: ArrayLike<number>): Promise<Logs> {
    const metrics = numbersIn(await this.running.results());
    const [, ...values] = Array.from(returned);
    return { ...this.running.named(values), ...metrics, ...(this.#hasRate && { learningRate: values.at(-1)! }) };
  }

  /** Every Variable that the step has besides the model's and the optimizer's. */
  get variables(): readonly Variable[] {
    return [this.key, this.count, this.healthy, ...this.running.variables];
  }
}

/** Those results of metrics that are numbers. */
export const numbersIn = (results: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );

/** The learning rate, where the optimizer has one and can tell it. */
function rateOf(optimizer: BoundOptimizer): Tensor | undefined {
  if (!("learningRate" in optimizer)) return undefined;
  try {
    const rate = (optimizer as { learningRate: unknown }).learningRate as Tensor;
    return rate instanceof Tensor && rate.rank === 0 && isFloat(rate.dtype) ? rate.cast("float32") : undefined;
  } catch {
    return undefined; // a chain may have several
  }
}

/** Loss and metrics of data that nothing is learned from. */
export class EvaluationStep {
  readonly running: Running;
  readonly run: BatchStep;

  constructor(parts: StepParts) {
    const { outputs, settings } = parts;
    this.running = new Running(outputs, "evaluate", settings);
    this.run = compile(
      (...batch: StepArguments) => {
        const { judged, value } = objective(parts, batch, inference);
        this.running.update(value, judged);
        return stack(this.running.losses);
      },
      { ...settings, inputs: specsOf(parts), name: "evaluate" },
    );
  }
}

/** The model's predictions, and nothing else. */
export function predictionStep(
  { model, settings }: { model: Model; settings: CompileSettings },
  inputs: ArgumentSpec,
): PredictionStep {
  return compile((x: OneOrMore<Tensor>) => model.call(x, inference) as OneOrMore<Tensor>, {
    ...settings,
    ...{ inputs: [inputs], name: "predict" },
  });
}

export type PredictionStep = Compiled<[x: OneOrMore<Tensor>], OneOrMore<Tensor>>;

import { type AnyLayer, regularization } from "@tenon/layers";
import {
  type BackendChoice,
  type Compiled,
  type Context,
  compile,
  foldIn,
  type HostKey,
  inference,
  isFinite as isFiniteNumber,
  isFloat,
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
import type { BoundOptimizer, Logs, Loss, Metric, Model } from "./model.ts";
import { Running } from "./running.ts";

/** What is compiled for a model. */
export interface StepParts {
  readonly model: Model;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly backend: BackendChoice | undefined;
  readonly inputs: TensorType;
  readonly targets: TensorType;
  /** Whether the targets are numbers of classes. */
  readonly labels: boolean;
}

export type BatchStep = Compiled<[x: Tensor, y: Tensor], Tensor>;

/** The predictions for a batch, and its mean loss with what regularisers add. */
export function objective(
  { model, loss, labels }: StepParts,
  x: Tensor,
  y: Tensor,
  ctx: Context,
): { predictions: Tensor; targets: Tensor; value: Tensor } {
  const predictions = model.call(x, ctx);
  const targets = labels ? y.cast("int32") : y;
  const mean = loss(predictions, targets).cast("float32").mean();
  const value = isLayer(model) ? mean.add(regularization(model as unknown as AnyLayer)) : mean;
  return { predictions, targets, value };
}

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
    const { model, metrics, inputs, targets, backend } = parts;
    this.running = new Running(metrics, "train", backend);
    this.key = variable(tensor(Uint32Array.of(...key)), { name: "train.key", role: "key" });
    this.count = variable(tensor(0, { dtype: "int32" }), { name: "train.step", role: "state" });
    this.healthy = variable(tensor(true), { name: "train.healthy", role: "state" });
    const hasRate = rateOf(optimizer) !== undefined;
    this.#hasRate = hasRate;
    this.run = compile(
      (x: Tensor, y: Tensor) => {
        const guarded = [...new Set([...variablesIn(model), ...variablesIn(optimizer)])];
        const before = guarded.map((v) => v.value);
        const ctx = training(foldIn(this.key.value, this.count.value));
        const [loss, grads] = valueAndGrad(() => {
          const { predictions, targets, value } = objective(parts, x, y, ctx);
          this.running.update(value, predictions, targets);
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
        return stack([loss, this.running.loss, ...rate]);
      },
      { inputs: [inputs, targets], name: "train", ...(backend !== undefined && { backend }) },
    );
  }

  /** The numbers of the epoch so far, from what a step returned and from the metrics. */
  async logs(returned: ArrayLike<number>): Promise<Logs> {
    const metrics = numbersIn(await this.running.results());
    return { loss: returned[1]!, ...metrics, ...(this.#hasRate && { learningRate: returned[2]! }) };
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
    const { metrics, inputs, targets, backend } = parts;
    this.running = new Running(metrics, "evaluate", backend);
    this.run = compile(
      (x: Tensor, y: Tensor) => {
        const { predictions, targets, value } = objective(parts, x, y, inference);
        this.running.update(value, predictions, targets);
        return this.running.loss;
      },
      { inputs: [inputs, targets], name: "evaluate", ...(backend !== undefined && { backend }) },
    );
  }
}

/** The model's predictions, and nothing else. */
export function predictionStep(
  { model, backend }: { model: Model; backend: BackendChoice | undefined },
  inputs: TensorType,
): Compiled<[x: Tensor], Tensor> {
  return compile((x: Tensor) => model.call(x, inference), {
    ...{ inputs: [inputs], name: "predict" },
    ...(backend !== undefined && { backend }),
  });
}

import {
  type BackendChoice,
  type Compiled,
  capabilitiesOf,
  dryRun,
  type HostKey,
  hostFoldIn,
  hostKey,
  inference,
  key,
  OptionError,
  StateError,
  spec,
  type Tensor,
  type TensorType,
  tensor,
  type Variable,
  valueText,
  variables,
  variablesOf,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import type { Position } from "./checkpoint.ts";
import {
  batchType,
  checkSameRows,
  type Data,
  type DataColumn,
  type DataSource,
  type Inputs,
  inputsOf,
  sourceOf,
} from "./data.ts";
import { fileSystem } from "./files.ts";
import { runFit } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
import type { BatchRecord, EpochRecord, History } from "./history.ts";
import type { Keeper } from "./keeper.ts";
import { checkClasses, isLabels } from "./labels.ts";
import type { BoundOptimizer, Evaluation, Loss, Metric, Model, Optimizer } from "./model.ts";
import {
  type LossName,
  lossOf,
  type MetricName,
  metricsFor,
  type OptimizerName,
  optimizerOf,
  suitedLoss,
} from "./names.ts";
import { checkKnown, checkWhole } from "./options.ts";
import { type BatchStep, EvaluationStep, predictionStep, type StepParts, TrainingStep } from "./steps.ts";

export interface TrainerOptions {
  readonly model: Model;
  /** A loss, or the name of one of `@tenon/losses`. */
  readonly loss: Loss | LossName;
  /** An optimizer, bound or not, or the name of one with its defaults; `adam` by default. */
  readonly optimizer?: Optimizer | BoundOptimizer | OptimizerName;
  /** What is measured besides the loss. */
  readonly metrics?: readonly (Metric | MetricName)[];
  /** By default what `setBackend`, `TENON_BACKEND` or the configuration say. */
  readonly backend?: BackendChoice;
  /** Of initial values, the order of examples and random numbers; by default another one for each trainer. */
  readonly seed?: number;
}

export interface EvaluateOptions {
  /** 128 by default; it makes no difference to the result but for rounding. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface SaveOptions {
  /**
   * Which program the file has: `predict`, with the state of the training beside it, from which `load` goes on; or
   * `train`, the step itself, which `loadStep` runs without this code.
   */
  readonly program?: "predict" | "train";
}

const optionNames = ["model", "loss", "optimizer", "metrics", "backend", "seed"];

/** Streams of random numbers that are derived from the seed. The model's initial values take the seed's own key. */
const streams = { steps: 1, order: 2 } as const;

/** Everything that is there once the types of the data are known. */
interface Plan {
  readonly parts: StepParts;
  readonly predictions: TensorType;
  readonly evaluation: EvaluationStep;
}

/**
 * Trains a model: `await new Trainer({ model, loss, optimizer, metrics: ["accuracy"] }).fit(train, { epochs: 5 })`.
 *
 * The model is built from the data, and one program is compiled for a step, with the first axis open, so that a last batch
 * that is smaller needs no other. Nothing waits for the device in a step. The same seed gives the same numbers on the same
 * backend, bit for bit.
 */
export class Trainer {
  readonly model: Model;
  readonly loss: Loss;
  readonly backend: BackendChoice | undefined;
  readonly seed: number;
  /** Whether the seed was drawn, so that it has to be told. */
  readonly drewSeed: boolean;
  readonly #given: Optimizer | BoundOptimizer;
  readonly #metrics: readonly (Metric | MetricName)[];
  #bound: BoundOptimizer | undefined;
  #plan: Plan | undefined;
  #training: TrainingStep | undefined;
  #prediction: { readonly inputs: TensorType; readonly run: Compiled<[x: Tensor], Tensor> } | undefined;
  #busy = false;
  #keeper: Promise<Keeper> | undefined;
  /** The keeper's generation of which the last evaluation was. */
  #measured = 0;
  #measuring: Promise<unknown> = Promise.resolve();
  #position: Position = { epoch: 0, batch: 0, batchSize: 0, rows: 0 };
  #epochs: EpochRecord[] = [];
  #batches: BatchRecord[] = [];
  #stopped: string | undefined;

  constructor(options: TrainerOptions) {
    checkKnown("Trainer", options, optionNames);
    const { model, loss, optimizer = "adam", metrics = [], backend, seed } = options;
    this.model = checkModel(model);
    this.loss = lossOf(loss);
    this.#given = optimizerOf(optimizer);
    if (!Array.isArray(metrics)) {
      throw new OptionError("E803", "Trainer", `metrics is ${valueText(metrics)}, which is no list`, {
        fix: 'give a list, such as metrics: ["accuracy"]',
      });
    }
    this.#metrics = metrics;
    metricsFor(metrics); // throws on unknown names
    this.backend = backend;
    this.drewSeed = seed === undefined;
    this.seed =
      seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : checkWhole("Trainer", "seed", seed, 0, 0);
  }

  /** The course of the training, over all calls of `fit`. */
  get history(): History {
    const stopped = this.#stopped;
    return { epochs: [...this.#epochs], batches: [...this.#batches], ...(stopped !== undefined && { stopped }) };
  }

  /** Epochs that are complete. */
  get epoch(): number {
    return this.#position.epoch;
  }

  /** The optimizer with its state, once the model is built. `trainer.optimizer.learningRate = 1e-4` takes effect in the next step. */
  get optimizer(): BoundOptimizer {
    if (this.#bound === undefined) {
      checkBuilt("optimizer", this.model);
      this.#bound = "bind" in this.#given ? this.#given.bind(this.model) : this.#given;
    }
    return this.#bound;
  }

  /** The compiled step of the training, for instance for `trainer.step.trace()`. */
  get step(): BatchStep {
    return this.#requireTraining("step").run;
  }

  /**
   * Trains for `epochs` more epochs, and gives the history of all. A training that was stopped within an epoch, or loaded
   * so, first completes that epoch if data and batch size are the same.
   */
  async fit(data: Data, options: FitOptions): Promise<History> {
    return this.#alone("fit", () =>
      runFit(
        {
          trainer: this,
          keeper: () => this.#keeping(),
          prepare: (source) => this.#prepare(source),
          checkData: (source, name) => this.#checkData(source, name),
          measure: (source, batchSize, isStopped) => this.#measure(source, batchSize, isStopped),
          orderKey: (epoch) => hostFoldIn(this.#streamKey(streams.order), epoch),
          position: () => this.#position,
          moveTo: (position) => {
            this.#position = position;
          },
          record: ({ epoch, batches, stopped }) => {
            if (epoch !== undefined) this.#epochs.push(epoch);
            if (batches !== undefined) this.#batches.push(...batches);
            this.#stopped = stopped;
          },
        },
        data,
        options,
      ),
    );
  }

  /** Loss and metrics of data that nothing is learned from: `{ loss, accuracy, … }`. */
  async evaluate(data: Data, options: EvaluateOptions = {}): Promise<Evaluation> {
    checkKnown("evaluate", options, ["batchSize", "signal"]);
    const { batchSize = 128, signal } = options;
    checkWhole("evaluate", "batchSize", batchSize, 1, 128);
    const source = await sourceOf("evaluate", data);
    checkBuilt("evaluate", this.model);
    this.#planFor(source);
    this.#checkData(source, "data");
    const logs = await this.#surviving(() => this.#measure(source, batchSize, () => signal?.aborted === true));
    signal?.throwIfAborted();
    return logs!;
  }

  /**
   * What the model gives for inputs, in one tensor: logits, unless it ends with an activation. (n, …) → (n, …)
   */
  async predict(inputs: Inputs, options: EvaluateOptions = {}): Promise<Tensor> {
    checkKnown("predict", options, ["batchSize", "signal"]);
    const { batchSize = 128, signal } = options;
    checkWhole("predict", "batchSize", batchSize, 1, 128);
    const source = await inputsOf("predict", inputs);
    checkBuilt("predict", this.model);
    const run = this.#predictionFor(source.columns.x!);
    return this.#surviving(async (isRepeatable) => {
      const parts: Tensor[] = [];
      for (const part of source.batches(batchSize)) {
        if (parts.length > 0) signal?.throwIfAborted();
        parts.push(await run(part.tensors().x!));
      }
      return parts.length === 1 && !isRepeatable ? parts[0]! : joined(parts); // on the host nothing is lost
    });
  }

  /**
   * The trainer as the bytes of a `.tenon` file, also written to `path` where one is given: at every instant the path holds
   * the old file or the new one, whole.
   *
   * `loadStep` of `@tenon/tensor` makes a function of the file that predicts, without this package and without the layers;
   * `load` goes on with the training.
   */
  async save(path?: string, options: SaveOptions = {}): Promise<Uint8Array> {
    checkKnown("save", options, ["program"]);
    if (path !== undefined && (typeof path !== "string" || path === "")) {
      throw new OptionError("E803", "save", `the path is ${valueText(path)}`, {
        fix: 'give the name of a file, such as "model.tenon", or none to get the bytes alone',
      });
    }
    const { program = "predict" } = options;
    if (program !== "predict" && program !== "train") {
      throw new OptionError("E803", "save", `program is ${valueText(program)}`, { fix: "use predict or train" });
    }
    const files = path === undefined ? undefined : fileSystem("save");
    const training = this.#requireTraining("save");
    const bytes = await this.#surviving(() =>
      program === "train" ? training.run.save() : this.#predictionBytes(training),
    );
    await files?.write(path!, bytes);
    return bytes;
  }

  /**
   * Gives model, optimizer and random keys the values of a file that `save` has written, from a path or its bytes. The model
   * is built from the file if it is not built yet; it has to be the same, and so does the optimizer. `fit` then goes on
   * where the file's training stood, with the same numbers as if it had not stopped.
   */
  async load(source: string | Uint8Array): Promise<this> {
    const bytes = typeof source === "string" ? await fileSystem("load").read(source) : source;
    const { checkFits, readTraining } = await import("./checkpoint.ts"); // so that programs without files do without it
    const saved = readTraining(bytes);
    return this.#alone("load", async () => {
      const { metadata } = saved;
      const [inputs, targets] = [metadata.inputs, metadata.targets].map((t) => spec(["B", ...t.shape], t.dtype));
      this.#build(inputs!);
      const training = this.#trainingFor(inputs!, targets!);
      const [own, rest] = [variablesIn(this.model), [...variablesIn(this.optimizer), ...training.variables]];
      checkFits("model", own, saved.model);
      checkFits("optimizer and metrics", rest, saved.state);
      for (const v of own) v.assign(saved.model.get(v.label())!);
      for (const v of rest) v.assign(saved.state.get(v.label())!);
      training.running.used = true;
      this.#position = metadata.position;
      this.#epochs = [...metadata.history.epochs];
      this.#batches = [...metadata.history.batches];
      this.#stopped = undefined;
      return this;
    });
  }

  async #predictionBytes(training: TrainingStep): Promise<Uint8Array> {
    const { inputs, targets } = this.#plan!.parts;
    const state = [...variablesIn(this.optimizer), ...training.variables];
    const file = await this.#predictionOf(inputs).save();
    const { writeTraining } = await import("./checkpoint.ts");
    return writeTraining(file, state, {
      format: 1,
      seed: this.seed,
      position: this.#position,
      history: this.history,
      inputs: rowType(inputs),
      targets: rowType(targets),
    });
  }

  /** Refuses to begin while a training runs: two at once would change the same Variables. */
  async #alone<T>(op: "fit" | "load", work: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new StateError("E826", op, "the trainer is at work already", {
        fix: `await its fit before you call ${op}`,
      });
    }
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  /** What keeps the state on the host, where the backend may lose its device. */
  async #keeping(): Promise<Keeper | undefined> {
    const { features } = await capabilitiesOf(this.backend);
    if (!features.includes("may-lose-device")) return undefined;
    this.#keeper ??= import("./keeper.ts").then(({ Keeper }) => new Keeper(() => this.#variables(), this.backend));
    return this.#keeper;
  }

  /** Does again what was spoiled by the loss of the device, and tells the work if so; while a training runs, that sees to it. */
  async #surviving<T>(work: (isRepeatable: boolean) => Promise<T>): Promise<T> {
    const keeper = this.#busy ? undefined : await this.#keeping();
    if (keeper === undefined || this.#busy) return work(false);
    return keeper.again(
      () => work(true),
      () => this.#busy,
    );
  }

  /** Everything that a step changes, or reads. */
  #variables(): readonly Variable[] {
    const training = this.#training;
    const bound = this.#bound === undefined ? [] : variablesIn(this.#bound);
    return [...variablesIn(this.model), ...bound, ...(training?.variables ?? []), ...(training?.run.variables ?? [])];
  }

  #streamKey(stream: number): HostKey {
    return hostFoldIn(hostKey(this.seed), stream);
  }

  #build(inputs: TensorType): void {
    if (this.model.built === false) this.model.build?.({ key: key(this.seed), inputs });
  }

  #prepare(source: DataSource): { training: TrainingStep; parts: StepParts } {
    const { x, y } = source.columns as Record<"x" | "y", DataColumn>;
    if (this.#plan === undefined) this.#build(batchType(x));
    const training = this.#trainingFor(batchType(x), batchType(y));
    return { training, parts: this.#plan!.parts };
  }

  #trainingFor(inputs: TensorType, targets: TensorType): TrainingStep {
    const { parts } = this.#planOf(inputs, targets);
    this.#training ??= new TrainingStep(parts, this.optimizer, this.#streamKey(streams.steps));
    return this.#training;
  }

  #requireTraining(op: string): TrainingStep {
    if (this.#training !== undefined) return this.#training;
    throw new StateError("E826", op, "the model has not been trained, so the types of its data are not known", {
      fix: "call fit or load first",
    });
  }

  #planFor({ columns }: DataSource): Plan {
    return this.#planOf(batchType(columns.x!), batchType(columns.y!));
  }

  /** The first types that come are those of all later data. */
  #planOf(inputs: TensorType, targets: TensorType): Plan {
    if (this.#plan === undefined) {
      const { model, backend } = this;
      const predictions = dryRun([inputs], (x) => model.call(x!, inference));
      const { dtype, shape } = predictions;
      const labels = isLabels(targets, predictions, this.loss);
      const loss = suitedLoss(this.loss, predictions);
      const metrics = metricsFor(this.#metrics, predictions);
      const parts: StepParts = { model, loss, metrics, backend, inputs, targets, labels };
      this.#plan = { parts, predictions: { dtype, shape }, evaluation: new EvaluationStep(parts) };
    }
    return this.#plan;
  }

  #checkData({ columns }: DataSource, name: string): void {
    const { parts, predictions } = this.#plan!;
    checkSameRows("Trainer", `${name} x`, parts.inputs, columns.x!);
    checkSameRows("Trainer", `${name} y`, parts.targets, columns.y!);
    if (parts.labels) checkClasses(columns.y!, predictions);
  }

  #predictionFor(x: DataColumn): Compiled<[x: Tensor], Tensor> {
    const inputs = this.#plan?.parts.inputs ?? batchType(x);
    if (this.#plan !== undefined) checkSameRows("predict", "x", inputs, x);
    return this.#predictionOf(inputs);
  }

  #predictionOf(inputs: TensorType): Compiled<[x: Tensor], Tensor> {
    if (this.#prediction === undefined || !sameText(this.#prediction.inputs, inputs)) {
      this.#prediction = { inputs, run: predictionStep(this, inputs) };
    }
    return this.#prediction.run;
  }

  /** Loss and metrics of a set; undefined when it was stopped. One set after the other, since they are gathered in one place. */
  #measure(source: DataSource, batchSize: number, isStopped: () => boolean): Promise<Evaluation | undefined> {
    const measured = this.#measuring.then(() => this.#measureNow(source, batchSize, isStopped));
    this.#measuring = measured.catch(() => {});
    return measured;
  }

  async #measureNow(source: DataSource, batchSize: number, isStopped: () => boolean): Promise<Evaluation | undefined> {
    const { running, run } = this.#plan!.evaluation;
    const generation = (await this.#keeper)?.generation ?? 0;
    if (generation === this.#measured) await running.reset();
    else running.forget();
    this.#measured = generation;
    let last: Tensor | undefined;
    for (const part of source.batches(batchSize)) {
      if (isStopped()) return undefined;
      const { x, y } = part.tensors() as Record<"x" | "y", Tensor>;
      last?.dispose();
      last = await run(x, y);
      x.dispose();
      y.dispose();
    }
    const [loss, results] = await Promise.all([last!.item(), running.results()]);
    return { loss: Number(loss), ...results };
  }
}

const rowType = ({ dtype, shape }: TensorType) => ({ dtype, shape: shape.slice(1) as readonly number[] });

const sameText = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && String(a.shape) === String(b.shape);

const variablesIn = (source: object): readonly Variable[] => treeLeaves<unknown>(variablesOf(source)) as Variable[];

function checkModel(model: unknown): Model {
  const isModel = typeof model === "object" && model !== null && "call" in model && variables in model;
  if (isModel) return model as Model;
  throw new OptionError("E803", "Trainer", `the model is ${valueText(model)}, which is no model`, {
    fix: "give a layer, such as sequential([dense(10)])",
  });
}

function checkBuilt(op: string, model: Model): void {
  if (model.built !== false) return;
  throw new StateError("E826", op, "the model is not built, so that it has no Variables yet", {
    fix: "call fit or load first, or build the model",
  });
}

/** Results of batches one after the other, in one tensor on the host. */
async function joined(parts: readonly Tensor[]): Promise<Tensor> {
  const { dtype, shape } = parts[0]!;
  const rows = parts.reduce((n, part) => n + (part.shape[0] as number), 0);
  const values = await Promise.all(parts.map((part) => part.data()));
  const first = values[0]!;
  const all = new (first.constructor as Float32ArrayConstructor)(values.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  return tensor(all, { shape: [rows, ...(shape.slice(1) as number[])], dtype });
}

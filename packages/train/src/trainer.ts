import {
  type BackendChoice,
  capabilitiesOf,
  hostFoldIn,
  StateError,
  spec,
  type Tensor,
  type TensorType,
} from "@tenon/tensor";
import type { Position } from "./checkpoint.ts";
import { type BatchSource, type Data, type DataSource, type Inputs, inputsOf, limited, sourceOf } from "./data.ts";
import { fileSystem } from "./files.ts";
import { runFit } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
import type { BatchRecord, EpochRecord, History } from "./history.ts";
import { joined } from "./joined.ts";
import type { Keeper } from "./keeper.ts";
import { Measuring } from "./measuring.ts";
import type { BoundOptimizer, Evaluation, Model } from "./model.ts";
import { optimizerOf } from "./names.ts";
import { checkKnown, checkWhole } from "./options.ts";
import { checkJudgement } from "./outputs.ts";
import { checkData, predictionInputs, typesIn } from "./plan.ts";
import { Programs, streams, variablesIn } from "./programs.ts";
import type { Resident } from "./resident.ts";
import type { OneOrMore } from "./roles.ts";
import type { BatchStep, TrainingStep } from "./steps.ts";
import {
  checkBuilt,
  checkModel,
  checkSave,
  checkTrainerOptions,
  type EvaluateOptions,
  type SaveOptions,
  type TrainerOptions,
} from "./trainer-options.ts";

/**
 * Trains a model: `await new Trainer({ model, loss, optimizer, metrics: ["accuracy"] }).fit(train, { epochs: 5 })`.
 *
 * The model is built from the data, and one program is compiled for a step, with the first axis open, so that a last batch
 * that is smaller needs no other. Nothing waits for the device in a step. The same seed gives the same numbers on the same
 * backend, bit for bit.
 */
export class Trainer {
  readonly model: Model;
  readonly backend: BackendChoice | undefined;
  readonly seed: number;
  /** Whether the seed was drawn, so that it has to be told. */
  readonly drewSeed: boolean;
  readonly #programs: Programs;
  #busy = false;
  #keeper: Promise<Keeper> | undefined;
  readonly #measuring = new Measuring();
  #position: Position = { epoch: 0, batch: 0, batchSize: 0, rows: 0 };
  #epochs: EpochRecord[] = [];
  #batches: BatchRecord[] = [];
  #stopped: string | undefined;

  constructor(options: TrainerOptions) {
    checkTrainerOptions(options);
    const { model, loss, lossWeights, optimizer = "adam", metrics = [], backend, precision, seed } = options;
    this.model = checkModel(model);
    const judgement = { loss, lossWeights, metrics };
    const rule = optimizerOf(optimizer);
    checkJudgement(judgement);
    this.backend = backend;
    this.drewSeed = seed === undefined;
    this.seed =
      seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : checkWhole("Trainer", "seed", seed, 0, 0);
    const settings = { ...(backend !== undefined && { backend }), ...(precision !== undefined && { precision }) };
    this.#programs = new Programs({ model: this.model, settings, seed: this.seed, optimizer: rule, judgement });
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
    return this.#programs.optimizer;
  }

  /** The compiled step of the training, for instance for `trainer.step.trace()`. */
  get step(): BatchStep {
    return this.#programs.requireTraining("step").run;
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
          resident: (source) => this.#residing(source),
          prepare: (source) => this.#programs.prepare(source),
          checkData: (source, name) => checkData(this.#programs.plan!, source, name),
          measure: (source, batchSize, isStopped) => this.#measure(source, batchSize, isStopped),
          orderKey: (epoch) => hostFoldIn(this.#programs.streamKey(streams.order), epoch),
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
    const source = limited("evaluate", await sourceOf("evaluate", data));
    checkBuilt("evaluate", this.model);
    checkData(this.#programs.planOf(typesIn(source)), source, "data");
    const logs = await this.#surviving(() => this.#measure(source, batchSize, () => signal?.aborted === true));
    signal?.throwIfAborted();
    return logs!;
  }

  /**
   * What the model gives for inputs, in one tensor: logits, unless it ends with an activation; where it gives several, a list
   * or record of them. (n, …) → (n, …)
   */
  async predict<Y extends OneOrMore<Tensor> = Tensor>(inputs: Inputs, options: EvaluateOptions = {}): Promise<Y> {
    checkKnown("predict", options, ["batchSize", "signal"]);
    const { batchSize = 128, signal } = options;
    checkWhole("predict", "batchSize", batchSize, 1, 128);
    const source = limited("predict", await inputsOf("predict", inputs));
    checkBuilt("predict", this.model);
    const { role, types } = predictionInputs(this.#programs.plan, source);
    const run = this.#programs.predictionOf(role, types);
    return this.#surviving(async (isRepeatable) => {
      const parts: OneOrMore<Tensor>[] = [];
      for (const part of source.batches(batchSize)) {
        if (parts.length > 0) signal?.throwIfAborted();
        const tensors = part.tensors();
        parts.push(await run(role.arrange((column) => tensors[column]!)));
      }
      return (parts.length === 1 && !isRepeatable ? parts[0]! : await joined(parts)) as Y; // on the host nothing is lost
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
    const program = checkSave(path, options);
    const files = path === undefined ? undefined : fileSystem("save");
    const training = this.#programs.requireTraining("save");
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
      const columns = Object.entries(metadata.columns);
      const types = Object.fromEntries(columns.map(([name, t]) => [name, spec(["B", ...t.shape], t.dtype)]));
      const training = this.#programs.trainingFor(types);
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
    const { types, inputs } = this.#programs.plan!.parts;
    const state = [...variablesIn(this.optimizer), ...training.variables];
    const file = await this.#programs.predictionOf(inputs, types).save();
    const { writeTraining } = await import("./checkpoint.ts");
    return writeTraining(file, state, {
      format: 2,
      seed: this.seed,
      position: this.#position,
      history: this.history,
      columns: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, rowType(type)])),
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
    this.#keeper ??= import("./keeper.ts").then(
      ({ Keeper }) => new Keeper(() => this.#programs.variables(), this.backend),
    );
    return this.#keeper;
  }

  async #residing(source: DataSource): Promise<Resident | undefined> {
    const { features, limits } = await capabilitiesOf(this.backend);
    if (!features.includes("own-memory")) return undefined;
    return (await import("./resident.ts")).Resident.of(source, this.backend, limits.maxBufferBytes);
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

  #measure(source: BatchSource, batchSize: number, isStopped: () => boolean): Promise<Evaluation | undefined> {
    const generation = async (): Promise<number> => (await this.#keeper)?.generation ?? 0;
    return this.#measuring.measure({ ...this.#programs.plan!, generation }, source, batchSize, isStopped);
  }
}

const rowType = ({ dtype, shape }: TensorType) => ({ dtype, shape: shape.slice(1) as readonly number[] });

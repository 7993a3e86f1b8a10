import { foldIn, type HostKey, OptionError, type Tensor, tensor, valueText } from "@tenon/tensor";
import { type Callback, callbackNames, type EpochEvent, type TrainEvent } from "./callbacks.ts";
import type { Position } from "./checkpoint.ts";
import { type Data, type DataSource, sourceOf } from "./data.ts";
import { type BadBatch, diagnose } from "./diagnose.ts";
import { type BatchRecord, type EpochRecord, type History, validationName } from "./history.ts";
import { onInterrupt } from "./interrupt.ts";
import type { Evaluation, Logs } from "./model.ts";
import { checkKnown, checkWhole } from "./options.ts";
import { Progress, type ProgressChoice } from "./progress.ts";
import { numbersIn, type StepParts, type TrainingStep } from "./steps.ts";
import type { Trainer } from "./trainer.ts";

export interface FitOptions {
  /** How many epochs to train now. */
  readonly epochs: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Data that loss and metrics are computed of after each epoch. */
  readonly validation?: Data;
  /** The share of the data, at their end, that is kept for validation. */
  readonly validationSplit?: number;
  /** Whether the examples come in another order in each epoch; true by default. */
  readonly shuffle?: boolean;
  readonly callbacks?: readonly Callback[];
  /** Ends the training after the step that is running; the history then says `stopped: "aborted"`. */
  readonly signal?: AbortSignal;
  /** How progress is shown: `auto`, `bar`, `lines`, `quiet`, or options; `auto` by default. */
  readonly progress?: ProgressChoice;
  /**
   * Whether Ctrl-C ends the training after the step that is running, with `stopped: "interrupted"`; a path to save the
   * trainer there. A second Ctrl-C is the program's. False by default.
   */
  readonly handleInterrupt?: boolean | string;
}

const optionNames = [
  ...["epochs", "batchSize", "validation", "validationSplit", "shuffle", "callbacks", "signal", "progress"],
  "handleInterrupt",
];

/** What a trainer lends to one call of `fit`. */
export interface FitHost {
  readonly trainer: Trainer;
  prepare(source: DataSource): { training: TrainingStep; parts: StepParts };
  checkData(source: DataSource, name: string): void;
  measure(source: DataSource, batchSize: number, isStopped: () => boolean): Promise<Evaluation | undefined>;
  /** Where the order of an epoch comes from. */
  orderKey(epoch: number): HostKey;
  position(): Position;
  moveTo(position: Position): void;
  record(news: { epoch?: EpochRecord; batches?: readonly BatchRecord[]; stopped: string | undefined }): void;
}

/** At most so often the host waits for numbers from the device. */
const READ_MS = 50;
/** How many batches of an epoch stand in the history. */
const SAMPLES = 20;

/** One call of `fit`. */
export async function runFit(host: FitHost, data: Data, options: FitOptions): Promise<History> {
  checkFitOptions(options);
  const { batchSize = 32, validation, validationSplit, signal, handleInterrupt = false } = options;
  const { trainer } = host;
  const all = await sourceOf("fit", data);
  const [source, held] = validationSplit === undefined ? [all, undefined] : splitOff(all, validationSplit);
  const judged = validation === undefined ? held : await sourceOf("fit", validation);
  const { training, parts } = host.prepare(source);
  host.checkData(source, "data");
  if (judged !== undefined) host.checkData(judged, "validation");
  const fit = new Fit(host, training, parts, source, judged, { ...options, batchSize });
  const abort = (): void => fit.stop("aborted");
  const ignore = handleInterrupt === false ? undefined : onInterrupt(() => fit.stop("interrupted"));
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    await fit.run();
  } finally {
    signal?.removeEventListener("abort", abort);
    ignore?.();
  }
  if (fit.stopped === "interrupted" && typeof handleInterrupt === "string") await trainer.save(handleInterrupt);
  return trainer.history;
}

function checkFitOptions(options: FitOptions): void {
  checkKnown("fit", options, optionNames);
  const { epochs, batchSize = 32, validation, validationSplit: split, callbacks = [] } = options;
  if (epochs === undefined) {
    throw new OptionError("E802", "fit", "epochs is missing", { fix: "say how long to train, as in { epochs: 5 }" });
  }
  checkWhole("fit", "epochs", epochs, 0, 5);
  checkWhole("fit", "batchSize", batchSize, 1, 32);
  if (split !== undefined && !(split > 0 && split < 1)) {
    throw new OptionError("E803", "fit", `validationSplit is ${valueText(split)}, which is no share between 0 and 1`, {
      fix: "give a number such as 0.2",
    });
  }
  if (split !== undefined && validation !== undefined) {
    throw new OptionError("E803", "fit", "validation and validationSplit are both given", { fix: "leave one out" });
  }
  if (!Array.isArray(callbacks)) {
    throw new OptionError("E803", "fit", `callbacks is ${valueText(callbacks)}, which is no list`, {
      fix: "give a list, such as callbacks: [earlyStopping()]",
    });
  }
  for (const callback of callbacks) checkCallback(callback);
}

/** A callback may have fields of its own, but what looks like an event has to be one. */
function checkCallback(callback: unknown): void {
  if (typeof callback !== "object" || callback === null) {
    throw new OptionError("E803", "fit", `a callback is ${valueText(callback)}`, {
      fix: typeof callback === "function" ? "give a record, as in { onEpochEnd: … }" : "give records of functions",
    });
  }
  const events = Object.entries(callback).filter(([name]) => /^on[A-Z]/.test(name));
  checkKnown("callbacks", Object.fromEntries(events), callbackNames);
}

function splitOff(all: DataSource, share: number): [DataSource, DataSource] {
  const kept = all.size - Math.max(1, Math.round(all.size * share));
  if (kept > 0) return [all.slice(0, kept), all.slice(kept)];
  throw new OptionError("E821", "fit", `validationSplit leaves nothing of ${all.size} rows to train with`, {
    fix: "give more examples, or a smaller share",
  });
}

class Fit {
  stopped: string | undefined;
  readonly #host: FitHost;
  readonly #training: TrainingStep;
  readonly #parts: StepParts;
  readonly #source: DataSource;
  readonly #validation: DataSource | undefined;
  readonly #options: FitOptions & { readonly batchSize: number };
  readonly #callbacks: readonly Callback[];
  readonly #progress: Progress;
  readonly #epochs: number;
  /** Steps since the loss was last seen to be finite. */
  #unseen: { readonly x: Tensor; readonly y: Tensor; readonly step: number; readonly batch: number }[] = [];
  #steps = 0;
  #lastRead = 0;

  constructor(
    host: FitHost,
    training: TrainingStep,
    parts: StepParts,
    source: DataSource,
    validation: DataSource | undefined,
    options: FitOptions & { readonly batchSize: number },
  ) {
    this.#host = host;
    this.#training = training;
    this.#parts = parts;
    this.#source = source;
    this.#validation = validation;
    this.#options = options;
    this.#callbacks = options.callbacks ?? [];
    this.#progress = new Progress(options.progress);
    this.#epochs = host.position().epoch + options.epochs;
  }

  stop(reason: string): void {
    this.stopped ??= reason;
  }

  async run(): Promise<void> {
    const { trainer } = this.#host;
    this.#host.record({ stopped: undefined });
    this.#steps = Number(await this.#training.count.value.item());
    if (trainer.drewSeed) this.#progress.note(`seed ${trainer.seed}`);
    try {
      await this.#tell("onTrainBegin", this.#event());
      for (let epoch = this.#host.position().epoch + 1; epoch <= this.#epochs; epoch++) {
        if (this.stopped !== undefined) break;
        await this.#epoch(epoch);
      }
      this.#host.record({ stopped: this.stopped });
      await this.#tell("onTrainEnd", { ...this.#event(), history: trainer.history });
    } finally {
      this.#progress.end();
    }
  }

  async #epoch(epoch: number): Promise<void> {
    const { batchSize, shuffle = true } = this.#options;
    const [host, training, progress] = [this.#host, this.#training, this.#progress];
    const rows = this.#source.size;
    const batches = this.#source.batches(batchSize, shuffle ? { shuffle: host.orderKey(epoch) } : {});
    const before = host.position();
    const skipped = before.batchSize === batchSize && before.rows === rows ? before.batch : 0;
    if (skipped === 0) await training.running.reset();
    const event = { ...this.#event(), epoch };
    await this.#tell("onEpochBegin", event);
    progress.epochBegins();
    const began = performance.now();
    const stride = Math.ceil(batches.length / SAMPLES);
    const samples: { batch: number; returned: Tensor }[] = [];
    let batch = 0;
    let examples = 0;
    let returned: Tensor | undefined;
    for (const part of batches) {
      if (this.stopped !== undefined) break;
      if (++batch <= skipped) continue;
      const { x, y } = part.tensors() as Record<"x" | "y", Tensor>;
      this.#unseen.push({ x, y, step: this.#steps++, batch });
      if (returned !== undefined && samples.at(-1)?.returned !== returned) returned.dispose();
      returned = await training.run(x, y);
      examples += x.shape[0] as number;
      host.moveTo({ epoch: epoch - 1, batch, batchSize, rows });
      if (batch % stride === 0) samples.push({ batch, returned });
      if (performance.now() - this.#lastRead >= READ_MS) await this.#read(returned, epoch, batch);
      if (progress.isDue) {
        const state = { epoch, epochs: this.#epochs, batch, batches: batches.length, examples, skipped };
        progress.update(state, await training.logs(await returned.data()));
      }
      await this.#tellBatch(event, batch, batches.length, returned);
    }
    if (returned !== undefined) await this.#read(returned, epoch, batch);
    const sampled = await Promise.all(samples.map(async (s) => ({ ...s, loss: (await s.returned.data())[0]! })));
    for (const s of samples) if (s.returned !== returned) s.returned.dispose();
    const records = sampled.map((s): BatchRecord => ({ epoch, batch: s.batch, loss: s.loss }));
    if (batch < batches.length) {
      host.record({ batches: records, stopped: this.stopped });
      return;
    }
    const logs = await training.logs(await returned!.data());
    host.moveTo({ epoch, batch: 0, batchSize, rows });
    const judged =
      this.#validation && (await host.measure(this.#validation, batchSize, () => this.stopped !== undefined));
    const seconds = (performance.now() - began) / 1000;
    const record = { epoch, seconds, ...logs, ...forValidation(judged) } as EpochRecord;
    host.record({ epoch: record, batches: records, stopped: this.stopped });
    progress.epochEnds(record, this.#epochs, examples);
    await this.#tell("onEpochEnd", { ...event, logs: record });
  }

  #event(): TrainEvent {
    const stop = (reason = "callback"): void => this.stop(reason);
    return { trainer: this.#host.trainer, epochs: this.#epochs, stop };
  }

  async #tell<N extends (typeof callbackNames)[number]>(
    name: N,
    event: Parameters<NonNullable<Callback[N]>>[0],
  ): Promise<void> {
    for (const callback of this.#callbacks) await callback[name]?.(event as never);
  }

  async #tellBatch(event: EpochEvent, batch: number, batches: number, returned: Tensor): Promise<void> {
    const logs = async (): Promise<Logs> => this.#training.logs(await returned.data());
    for (const callback of this.#callbacks) await callback.onBatchEnd?.({ ...event, batch, batches, logs });
  }

  /** Looks whether all losses up to here were finite, and throws when one was not. */
  async #read(returned: Tensor, epoch: number, batch: number): Promise<void> {
    const values = await returned.data();
    this.#lastRead = performance.now();
    if (Number.isFinite(values[0]) && Number.isFinite(values[1])) {
      for (const { x, y } of this.#unseen) {
        x.dispose();
        y.dispose();
      }
      this.#unseen = [];
      return;
    }
    const training = this.#training;
    const updates = Number(await training.count.value.item());
    const { x, y, ...at } = this.#unseen.find(({ step }) => step === updates) ?? this.#unseen.at(-1)!;
    const words = (await training.key.value.data()) as Uint32Array;
    const bad: BadBatch = {
      x,
      y,
      key: foldIn(tensor(words), tensor(updates, { dtype: "int32" })),
      epoch,
      batch: at.batch ?? batch,
    };
    const error = await diagnose(this.#parts, this.#host.trainer.optimizer, bad);
    training.healthy.assign(tensor(true)); // so that another fit can go on from here, in an epoch of its own
    this.#host.moveTo({ ...this.#host.position(), batch: 0 });
    throw error;
  }
}

/** Numbers of an evaluation as they stand in the record of an epoch. */
function forValidation(judged: Evaluation | undefined): Logs {
  return Object.fromEntries(
    Object.entries(numbersIn(judged ?? {})).map(([name, value]) => [validationName(name), value]),
  );
}

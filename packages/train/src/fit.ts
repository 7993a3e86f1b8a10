import { isDeviceLost, type Tensor } from "@tenon/tensor";
import type { TrainEvent } from "./callbacks.ts";
import { type Course, copyOf, type FitHost, type Place } from "./course.ts";
import { type BatchSource, type Data, type DataSource, limited, sourceOf } from "./data.ts";
import { checkFitOptions, checkSteps, type FitOptions, splitOff } from "./fit-options.ts";
import { Health } from "./health.ts";
import { type EpochRecord, type History, validationName } from "./history.ts";
import { onInterrupt } from "./interrupt.ts";
import type { Evaluation, Logs } from "./model.ts";
import { Progress } from "./progress.ts";
import type { Recovery } from "./recovery.ts";
import { argumentsOf, numbersIn, type StepParts, type TrainingStep } from "./steps.ts";
import { Telling } from "./telling.ts";

/** At most so often the host waits for numbers from the device. */
const READ_MS = 50;
/** How many batches of an epoch stand in the history. */
const SAMPLES = 20;

/** One call of `fit`. */
export async function runFit(host: FitHost, data: Data, options: FitOptions): Promise<History> {
  checkFitOptions(options);
  const { batchSize = 32, validation, validationSplit, signal, handleInterrupt = false, recover = true } = options;
  const { trainer } = host;
  const all = await sourceOf("fit", data);
  const [source, held] = validationSplit === undefined ? [all, undefined] : splitOff(all, validationSplit);
  const judged = validation === undefined ? held : limited("fit", await sourceOf("fit", validation));
  checkSteps(source, batchSize, options.stepsPerEpoch);
  const { training, parts } = host.prepare(source);
  host.checkData(source, "data");
  if (judged !== undefined) host.checkData(judged, "validation");
  const keeper = recover === false ? undefined : await host.keeper();
  const recovery = keeper && new (await import("./recovery.ts")).Recovery<Place>(keeper, recover);
  const resident = await host.resident(source);
  const judgedThere = judged && (await host.resident(judged));
  const sources = [resident ?? source, judgedThere ?? judged] as const;
  const fit = new Fit(host, training, parts, source, sources, { ...options, batchSize }, recovery);
  const abort = (): void => fit.stop("aborted");
  const ignore = handleInterrupt === false ? undefined : onInterrupt(() => fit.stop("interrupted"));
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    await fit.run();
  } finally {
    signal?.removeEventListener("abort", abort);
    ignore?.();
    resident?.dispose();
    judgedThere?.dispose();
  }
  if (fit.stopped === "interrupted" && typeof handleInterrupt === "string") {
    const save = (): Promise<unknown> => trainer.save(handleInterrupt);
    await (keeper === undefined ? save() : keeper.again(save, () => false));
  }
  return trainer.history;
}

class Fit {
  stopped: string | undefined;
  readonly #host: FitHost;
  readonly #training: TrainingStep;
  readonly #parts: StepParts;
  readonly #source: DataSource;
  readonly #batches: BatchSource;
  readonly #validation: BatchSource | undefined;
  readonly #options: FitOptions & { readonly batchSize: number };
  readonly #recovery: Recovery<Place> | undefined;
  readonly #telling: Telling;
  readonly #progress: Progress;
  readonly #epochs: number;
  readonly #health: Health;
  #steps: number | undefined;
  #lastRead = 0;
  #lastRecord: EpochRecord | undefined;
  /** Where to go on within an epoch after the loss of the device. */
  #resumed: Course | undefined;
  /** The event before which the training ends, once it is stopped. */
  #endsAt: number | undefined;

  constructor(
    host: FitHost,
    training: TrainingStep,
    parts: StepParts,
    source: DataSource,
    [batches, validation]: readonly [BatchSource, BatchSource | undefined],
    options: FitOptions & { readonly batchSize: number },
    recovery: Recovery<Place> | undefined,
  ) {
    this.#host = host;
    this.#training = training;
    this.#parts = parts;
    this.#source = source;
    this.#batches = batches;
    this.#validation = validation;
    this.#options = options;
    this.#recovery = recovery;
    this.#telling = new Telling(options.callbacks ?? [], recovery?.journal);
    this.#health = new Health(training, parts);
    this.#progress = new Progress(options.progress);
    this.#epochs = host.position().epoch + options.epochs;
  }

  stop(reason: string): void {
    this.stopped ??= reason;
  }

  async run(): Promise<void> {
    const { trainer } = this.#host;
    this.#host.record({ stopped: undefined });
    if (trainer.drewSeed) this.#progress.note(`seed ${trainer.seed}`);
    try {
      await this.#keep();
      let lost = false;
      do
        lost = await this.#goOn().then(
          () => false,
          (error: unknown) => this.#goBack(error),
        );
      while (lost);
    } finally {
      this.#progress.end();
    }
  }

  /** Trains from wherever the training stands to its end. */
  async #goOn(): Promise<void> {
    const { trainer } = this.#host;
    const [host, telling] = [this.#host, this.#telling];
    if (telling.at === 0) {
      this.#steps ??= Number(await this.#training.count.value.item());
      await telling.tell("onTrainBegin", this.#event());
    }
    for (let epoch = host.position().epoch + 1; epoch <= this.#epochs; epoch++) {
      if (this.#isOver()) break;
      if (this.#resumed === undefined && this.#recovery?.epochIsDue(telling.at)) await this.#keep();
      await this.#epoch(epoch);
    }
    await telling.once(() => host.record({ stopped: this.stopped }));
    await telling.tell("onTrainEnd", { ...this.#event(), history: trainer.history });
    await this.#keep(); // for an evaluation or another fit
  }

  async #epoch(epoch: number): Promise<void> {
    const { batchSize, shuffle = true } = this.#options;
    const [host, training, progress, telling] = [this.#host, this.#training, this.#progress, this.#telling];
    const rows = this.#rows;
    const parts = this.#batches.batches(batchSize, shuffle ? { shuffle: host.orderKey(epoch) } : {});
    const batches = this.#options.stepsPerEpoch ?? parts.length;
    const course = this.#resumed ?? (await this.#begin(epoch));
    this.#resumed = undefined;
    const { event, skipped, records } = course;
    const stride = Math.ceil(batches / SAMPLES);
    let passed = 0;
    let returned: Tensor | undefined;
    for (const part of course.batch < batches ? parts : []) {
      if (this.#isOver()) break;
      if (++passed <= course.batch) continue;
      const batch = ++course.batch;
      const tensors = await part.tensors();
      this.#health.note(tensors, this.#steps!++, batch);
      if (returned !== undefined && course.samples.at(-1)?.returned !== returned) returned.dispose();
      returned = await training.run(...argumentsOf(this.#parts, tensors));
      course.examples += Object.values(tensors)[0]!.shape[0] as number;
      host.moveTo({ epoch: epoch - 1, batch, batchSize, rows });
      if (batch % stride === 0) course.samples.push({ batch, returned });
      const copies = this.#recovery?.stepIsDue() === true && batch < batches;
      if (copies || performance.now() - this.#lastRead >= READ_MS) await this.#read(returned, epoch, batch);
      if (progress.isDue) {
        const { examples } = course;
        const state = { epoch, epochs: this.#epochs, batch, batches, examples, skipped };
        progress.update(state, await training.logs(await returned.data()));
      }
      const now = returned;
      const logs = async (): Promise<Logs> => training.logs(await now.data());
      await telling.tell("onBatchEnd", { ...event, batch, batches, logs });
      if (copies) await this.#keep(course, returned);
      if (batch === batches) break;
    }
    if (returned !== undefined) await this.#read(returned, epoch, course.batch);
    await this.#readSamples(course, returned);
    if (course.batch < batches) {
      await telling.once(() => host.record({ batches: records, stopped: this.stopped }));
      return;
    }
    const logs = await training.logs(await returned!.data());
    host.moveTo({ epoch, batch: 0, batchSize, rows });
    await telling.once(async () => {
      const judged =
        this.#validation && (await host.measure(this.#validation, batchSize, () => this.stopped !== undefined));
      const seconds = (performance.now() - course.began) / 1000;
      const record = { epoch, seconds, ...logs, ...forValidation(judged) } as EpochRecord;
      host.record({ epoch: record, batches: records, stopped: this.stopped });
      progress.epochEnds(record, this.#epochs, course.examples);
      this.#lastRecord = record;
    });
    await telling.tell("onEpochEnd", { ...event, logs: this.#lastRecord! });
  }

  /** Begins an epoch, or the rest of one that an earlier `fit` has left. */
  async #begin(epoch: number): Promise<Course> {
    const before = this.#host.position();
    const same = before.batchSize === this.#options.batchSize && before.rows === this.#rows;
    const skipped = same ? before.batch : 0;
    if (skipped === 0) await this.#training.running.reset();
    const event = { ...this.#event(), epoch };
    await this.#telling.tell("onEpochBegin", event);
    this.#progress.epochBegins();
    return { event, began: performance.now(), skipped, batch: skipped, examples: 0, records: [], samples: [] };
  }

  /** Puts the losses of batches among the records; `last` is the tensor that is still needed. */
  async #readSamples(course: Course, last: Tensor | undefined): Promise<void> {
    const { samples, records, event } = course;
    const losses = await Promise.all(samples.map(async ({ returned }) => (await returned.data())[0]!));
    for (const { returned } of samples) if (returned !== last) returned.dispose();
    records.push(...samples.map(({ batch }, i) => ({ epoch: event.epoch, batch, loss: losses[i]! })));
    course.samples = [];
  }

  /** Copies to the host what the device may take along. */
  async #keep(course?: Course, returned?: Tensor): Promise<void> {
    if (this.#recovery === undefined) return;
    if (course !== undefined) await this.#readSamples(course, returned);
    const copy = course && copyOf(course);
    const [position, steps, { at }] = [this.#host.position(), this.#steps, this.#telling];
    await this.#recovery.keep({ position, steps, at, course: copy });
  }

  /** Goes back to the last copy when the device was lost; any other error is thrown. */
  async #goBack(error: unknown): Promise<true> {
    if (this.#recovery === undefined) throw error;
    const { position, steps, at, course } = await this.#recovery.back(error);
    const { epoch, batch } = position;
    this.#progress.note(`the device was lost; the training goes on from batch ${batch + 1} of epoch ${epoch + 1}`);
    this.#host.moveTo(position);
    this.#steps = steps;
    this.#telling.at = at;
    this.#resumed = course && copyOf(course);
    this.#health.forget();
    return true;
  }

  /** Whether the training was stopped, and has come to where it was. */
  #isOver(): boolean {
    const { at, isRepeating } = this.#telling;
    if (this.stopped !== undefined && !isRepeating) this.#endsAt ??= at;
    return this.#endsAt !== undefined && at >= this.#endsAt;
  }

  #event(): TrainEvent {
    const stop = (reason = "callback"): void => this.stop(reason);
    return { trainer: this.#host.trainer, epochs: this.#epochs, stop };
  }

  /** Looks whether all losses up to here were finite, and throws when one was not. */
  async #read(returned: Tensor, epoch: number, batch: number): Promise<void> {
    const values = (await returned.data()) as ArrayLike<number>;
    this.#lastRead = performance.now();
    try {
      await this.#health.check(values, this.#host.trainer, epoch, batch);
    } catch (error) {
      if (!isDeviceLost(error)) this.#host.moveTo({ ...this.#host.position(), batch: 0 });
      throw error;
    }
  }

  /** What a position says of the data: how many rows, 0 where there are always more. */
  get #rows(): number {
    const { size } = this.#source;
    return Number.isFinite(size) ? size : 0;
  }
}

/** Numbers of an evaluation as they stand in the record of an epoch. */
function forValidation(judged: Evaluation | undefined): Logs {
  return Object.fromEntries(
    Object.entries(numbersIn(judged ?? {})).map(([name, value]) => [validationName(name), value]),
  );
}

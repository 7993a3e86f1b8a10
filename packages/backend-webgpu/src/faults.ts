import { BackendError, LimitError, type TenonError } from "@tenon/ir";

/** What has to be known of a piece of memory to say whether its contents can be trusted. */
export interface Provenance {
  readonly home: { readonly failure: TenonError | undefined };
  /** When it was last written as a whole, or allocated. */
  known: number;
  /** When a run last wrote it; 0 where the host did after that. */
  computed: number;
}

/** Runs from `from` to `to` may have gone wrong, by a call that was the `order`-th to be watched. */
interface Interval {
  readonly order: number;
  readonly from: number;
  readonly to: number;
  readonly error: TenonError;
}

/** What becomes of an error that a device reports. */
export type Explain = (message: string, kind: GPUErrorFilter) => TenonError;

const filters: readonly GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];

/**
 * What went wrong on the device, which says so after the call that was at fault. Calls are counted; an error spoils what
 * runs wrote from the call at fault until it was noticed, and the loss of a device everything that was there.
 */
export class Faults {
  #clock = 0;
  #lostAt = 0;
  #loss: TenonError | undefined;
  readonly #intervals: Interval[] = [];
  readonly #outcomes = new Set<Promise<void>>();
  #unreported: { readonly order: number; readonly error: TenonError } | undefined;
  #watched = 0;

  /** The time of a call, later than all before. */
  tick(): number {
    return ++this.#clock;
  }

  /** Runs what calls the device, and listens for what comes of it. `from` is the first run that an error would spoil. */
  watch<T>(device: GPUDevice, from: number, explain: Explain, run: () => T, failed?: (error: TenonError) => void): T {
    const order = ++this.#watched;
    for (const filter of filters) device.pushErrorScope(filter);
    try {
      return run();
    } finally {
      const pops = filters.map(() => device.popErrorScope());
      const outcome = Promise.allSettled(pops).then((found) => {
        this.#outcomes.delete(outcome);
        found.forEach((result, i) => {
          if (result.status === "rejected" || result.value === null) return; // of a lost device the loss tells
          const error = explain(result.value.message, filters[filters.length - 1 - i]!);
          this.add(error, from, order);
          failed?.(error);
        });
      });
      this.#outcomes.add(outcome);
    }
  }

  /** Keeps an error of which the runs since `from` are the victims. What an earlier call did wrong comes first. */
  add(error: TenonError, from: number, order = ++this.#watched): void {
    this.#intervals.push({ order, from, to: this.#clock, error });
    this.#intervals.sort((a, b) => a.order - b.order);
    this.#report(order, error);
  }

  /** Everything that is there now is lost. */
  lose(error: TenonError): void {
    this.#lostAt = this.#clock;
    this.#loss = error;
    this.#report(++this.#watched, error);
    this.#intervals.length = 0; // the loss covers them
  }

  /** Waits until it is known what came of the calls so far. */
  async settled(): Promise<void> {
    while (this.#outcomes.size > 0) await Promise.all(this.#outcomes);
  }

  /** Why the contents are not what they should be; undefined where they are. */
  of({ home, known, computed }: Provenance): TenonError | undefined {
    if (home.failure !== undefined) return home.failure;
    if (known <= this.#lostAt && this.#loss !== undefined) return this.#loss;
    if (computed === 0) return undefined;
    return this.#intervals.find(({ from, to }) => from <= computed && computed <= to)?.error;
  }

  /** The first error since this was last called. */
  take(): TenonError | undefined {
    const error = this.#unreported?.error;
    this.#unreported = undefined;
    return error;
  }

  #report(order: number, error: TenonError): void {
    if (this.#unreported === undefined || order < this.#unreported.order) this.#unreported = { order, error };
  }
}

/** The error for what a device reports of a call. */
export const explainAs =
  (op: string, what: string): Explain =>
  (message, kind) =>
    kind === "out-of-memory"
      ? outOfMemory(op, what)
      : new BackendError("E541", op, `${what} failed: ${message.trim()}`);

export const outOfMemory = (op: string, what: string, operands: Readonly<Record<string, string>> = {}): LimitError =>
  new LimitError("E540", op, `the device has no memory left for ${what}`, {
    operands,
    fix: "release what is not needed any more, or use a smaller batch",
  });

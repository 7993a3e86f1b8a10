import {
  type BackendChoice,
  type CompileSettings,
  compile,
  type HostKey,
  TenonError,
  type Tensor,
  take,
  tensor,
} from "@tenon/tensor";
import type { DataSource } from "./data.ts";

/** The largest share of the device's memory that a data set may take: parameters and programs want the rest. */
const SHARE = 1 / 4;
/** Of a number, at most. */
const BYTES = 8;

type Batch = Readonly<Record<string, Tensor>>;

const mapped = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Readonly<Record<string, U>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** A data set in the device's memory. A batch is taken there, by the numbers of its rows. */
export class Resident {
  readonly #source: DataSource;
  readonly #columns: Batch;
  readonly #take: (rows: Tensor) => Promise<Batch>;

  private constructor(source: DataSource, columns: Batch, settings: CompileSettings) {
    this.#source = source;
    this.#columns = columns;
    const taken = (rows: Tensor): Batch => mapped(columns, (x) => take(x, rows, { axis: 0 }));
    this.#take = compile(taken, { ...settings, name: "batch" });
  }

  /** The data on the device; undefined where there is no room for them, or they do not say which rows are in a batch. */
  static async of(
    source: DataSource,
    backend: BackendChoice | undefined,
    memoryBytes: number,
  ): Promise<Resident | undefined> {
    const numbers = Object.values(source.columns).map(({ shape }) => shape.reduce((n, d) => n * d, 1));
    const bytes = BYTES * numbers.reduce((sum, n) => sum + n, 0);
    if (!Number.isFinite(source.size) || bytes > SHARE * memoryBytes || !source.batches(1).rows) return undefined;
    const settings: CompileSettings = backend === undefined ? {} : { backend };
    const host = mapped(source.columns, ({ data, shape, dtype }) => tensor(data as number[], { shape, dtype }));
    const copied = compile((columns: Batch) => columns, settings); // results are on the device alone
    let resident: Resident | undefined;
    try {
      resident = new Resident(source, await copied(host), settings);
      await resident.#proven();
      return resident;
    } catch (error) {
      resident?.dispose();
      if (error instanceof TenonError && error.code === "E540") return undefined; // somebody else has the memory
      throw error;
    } finally {
      for (const x of Object.values(host)) x.dispose();
    }
  }

  /** As the data's own, in the same order. */
  batches(batchSize: number, options: { readonly shuffle?: HostKey | undefined }) {
    const batches = this.#source.batches(batchSize, options);
    const batch = (numbers: ArrayLike<number>) => this.#batch(numbers);
    return {
      length: batches.length,
      *[Symbol.iterator]() {
        for (const numbers of batches.rows!()) yield { tensors: () => batch(numbers) };
      },
    };
  }

  dispose(): void {
    for (const x of Object.values(this.#columns)) x.dispose();
  }

  /** Waits for one row of the data. */
  async #proven(): Promise<void> {
    const row = Object.values(await this.#batch([0]));
    for (const x of row) await x.data();
    for (const x of row) x.dispose();
  }

  async #batch(rows: ArrayLike<number>): Promise<Batch> {
    const numbers = tensor(Int32Array.from(rows));
    const batch = await this.#take(numbers);
    numbers.dispose();
    return batch;
  }
}

import { checkOptions } from "@tenon/tensor";
import type { Columns, Dataset } from "./dataset.ts";
import { checkWhole } from "./range.ts";
import { type Seed, seedKey, shuffledOrder } from "./seed.ts";

export interface BatchOptions {
  /** A seed or key for the order of the rows. Without it they come as they stand. */
  readonly shuffle?: Seed | undefined;
  /** Leaves out a last batch that is smaller than the others. */
  readonly dropLast?: boolean;
}

/** The parts of a data set, in the same order each time they are gone through. */
export class Batches<C extends Columns> implements Iterable<Dataset<C>> {
  /** The number of batches. */
  readonly length: number;
  readonly #data: Dataset<C>;
  readonly #batchSize: number;
  readonly #order: Uint32Array | undefined;

  constructor(data: Dataset<C>, batchSize: number, options: BatchOptions = {}) {
    checkOptions("batches", options, ["shuffle", "dropLast"]);
    checkWhole("batches", "batchSize", batchSize, 1, Number.MAX_SAFE_INTEGER);
    const { shuffle, dropLast = false } = options;
    this.length = dropLast ? Math.floor(data.size / batchSize) : Math.ceil(data.size / batchSize);
    this.#data = data;
    this.#batchSize = batchSize;
    if (shuffle !== undefined) this.#order = shuffledOrder(seedKey("batches", "shuffle", shuffle), data.size);
  }

  /** The numbers of the rows of each batch. */
  *rows(): Iterable<Uint32Array> {
    const size = this.#data.size;
    for (let i = 0; i < this.length; i++) {
      const [start, end] = [i * this.#batchSize, Math.min((i + 1) * this.#batchSize, size)];
      yield this.#order?.subarray(start, end) ?? Uint32Array.from({ length: end - start }, (_, row) => start + row);
    }
  }

  *[Symbol.iterator](): Iterator<Dataset<C>> {
    const order = this.#order;
    for (let i = 0; i < this.length; i++) {
      const [start, end] = [i * this.#batchSize, (i + 1) * this.#batchSize];
      yield order === undefined ? this.#data.slice(start, end) : this.#data.gather(order.subarray(start, end));
    }
  }
}

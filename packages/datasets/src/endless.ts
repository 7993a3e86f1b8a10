import { checkFunction, checkOptions, type HostKey, hostFoldIn, hostKey } from "@tenon/tensor";
import type { BatchOptions } from "./batches.ts";
import type { Columns, Dataset } from "./dataset.ts";
import { checkWhole, outside } from "./range.ts";
import { seedKey } from "./seed.ts";

/** Data without an end, in batches. */
export interface Endless<C extends Columns> {
  readonly size: number;
  /** The columns of one row, which tell the types of all. */
  readonly columns: C;
  /** Batches as long as somebody wants them; the same ones for the same `shuffle`, others for another. */
  batches(batchSize?: number, options?: BatchOptions): Iterable<Dataset<C>> & { readonly length: number };
  /** Throws: there is no end to count from. */
  slice(start?: number, end?: number): never;
}

/**
 * Data that are made when they are wanted, such as windows of a long text:
 * `endless((count, key) => randomTokenWindows(ids, { length: 64, count, seed: key }))`.
 *
 * `fit` takes it with `stepsPerEpoch`, and no batch comes twice.
 *
 * @param make So many rows that depend on the key alone.
 */
export function endless<C extends Columns>(make: (count: number, key: HostKey) => Dataset<C>): Endless<C> {
  checkFunction("endless", "make", make);
  return {
    size: Infinity,
    columns: make(1, hostKey(0)).columns,
    batches(batchSize = 32, options = {}) {
      checkWhole("batches", "batchSize", batchSize, 1, Number.MAX_SAFE_INTEGER);
      checkOptions("batches", options, ["shuffle", "dropLast"]);
      const key = seedKey("batches", "shuffle", options.shuffle ?? 0);
      return {
        length: Infinity,
        *[Symbol.iterator]() {
          for (let i = 0; ; i++) yield make(batchSize, hostFoldIn(key, i));
        },
      };
    },
    slice() {
      throw outside("slice", "the data never end", "take rows of what they are made of");
    },
  };
}

import { checkFunction, checkOptions, ShapeError, type Tensor, valueText } from "@tenon/tensor";
import { Batches, type BatchOptions } from "./batches.ts";
import { type Column, type ColumnLike, column } from "./column.ts";
import { DataError } from "./errors.ts";
import { checkFractions, partition } from "./partition.ts";
import { checkWhole, outside } from "./range.ts";
import { type Seed, seedKey, shuffledOrder } from "./seed.ts";

/** Columns by name. */
export type Columns = Readonly<Record<string, Column>>;

/** What most sets consist of: inputs and what should be answered to them. */
export type Examples = { readonly x: Column; readonly y: Column };

/**
 * Named columns with equally many rows. A column is also a property, as in `train.x`, unless a method has its name.
 */
export type Dataset<C extends Columns = Examples> = Rows<C> & {
  readonly [K in keyof C as string extends K ? never : Exclude<K, keyof Rows<Columns>>]: C[K];
};

/** How `split` and `kFold` choose rows. */
export interface StratifyOptions<C extends Columns> {
  /** A column of one number a row: each of its values is shared out evenly. */
  readonly stratify?: keyof C & string;
}

/** One of the ways to leave a part out. */
export interface Fold<C extends Columns = Examples> {
  readonly train: Dataset<C>;
  readonly test: Dataset<C>;
}

const FORBIDDEN = "__proto__"; // a record that is copied name by name would change its prototype

class Rows<C extends Columns> {
  /** The number of rows. */
  readonly size: number;
  /** Every column by name, in order. The record has no prototype. */
  readonly columns: C;

  constructor(columns: C) {
    const entries = Object.entries(columns);
    this.columns = Object.freeze(Object.assign(Object.create(null) as C, columns));
    this.size = entries[0]?.[1].size ?? 0;
    for (const [name, { size }] of entries) {
      if (size === this.size) continue;
      throw new ShapeError("E771", "dataset", `${entries[0]![0]} has ${this.size} rows but ${name} has ${size}`, {
        operands: columns,
        fix: "give columns with equally many rows",
      });
    }
    for (const [name, value] of entries) {
      if (!(name in this)) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }

  /** The first `count` rows, or all where there are fewer, in the same memory. */
  take(count: number): Dataset<C> {
    checkWhole("take", "count", count, 0, Number.MAX_SAFE_INTEGER);
    return this.slice(0, count);
  }

  /** Rows from `start` up to `end`, in the same memory; like `Array.slice`, negative numbers count from the end. */
  slice(start = 0, end = this.size): Dataset<C> {
    return this.#each((values) => values.slice(start, end));
  }

  /** The rows with these numbers, copied, in this order. */
  gather(rows: ArrayLike<number>): Dataset<C> {
    return this.#each((values) => values.gather(rows));
  }

  /** All rows in another order, copied. */
  shuffle(seed: Seed): Dataset<C> {
    return this.gather(shuffledOrder(seedKey("shuffle", "seed", seed), this.size));
  }

  /**
   * The rows in parts of `batchSize`, each a data set; the last may be smaller.
   *
   * Without `shuffle` a batch shares the memory of the set. With it the order depends on the seed alone, so an epoch wants
   * a seed or key of its own.
   */
  batches(batchSize = 32, options: BatchOptions = {}): Batches<C> {
    return new Batches(this as unknown as Dataset<C>, batchSize, options);
  }

  /**
   * Shares all rows out at random: `const [train, test] = data.split([0.8, 0.2], 0)`.
   *
   * The fractions add up to 1. With `stratify`, every part has its share of each class, to within two rows.
   */
  split<const F extends readonly number[]>(
    fractions: F,
    seed: Seed,
    options: StratifyOptions<C> = {},
  ): { -readonly [K in keyof F]: Dataset<C> } {
    checkFractions("split", fractions);
    return this.#parts("split", fractions, seed, options).map((rows) => this.gather(rows)) as never;
  }

  /** Shares all rows out into `k` parts at random; fold i tests with part i and trains with the others. */
  kFold(k: number, seed: Seed, options: StratifyOptions<C> = {}): Fold<C>[] {
    checkWhole("kFold", "k", k, 2, Math.max(this.size, 2));
    const parts = this.#parts("kFold", new Array<number>(k).fill(1 / k), seed, options);
    return parts.map((rows, fold) => ({
      train: this.gather(parts.flatMap((others, i) => (i === fold ? [] : others))),
      test: this.gather(rows),
    }));
  }

  /** A set of other columns, made from whole columns: `data.map(({ x, y }) => ({ x, y: oneHot(y, 10) }))`. */
  map<T extends Readonly<Record<string, ColumnLike>>>(change: (columns: C) => T): Dataset<{ [K in keyof T]: Column }> {
    checkFunction("map", "change", change);
    return dataset(change(this.columns));
  }

  /** The columns as tensors, with copies of the values. */
  tensors(): { [K in keyof C]: Tensor } {
    return Object.fromEntries(Object.entries(this.columns).map(([name, values]) => [name, values.tensor()])) as never;
  }

  toString(): string {
    const columns = Object.entries(this.columns).map(([name, values]) => `${name} ${values}`);
    return `Dataset(${this.size} rows: ${columns.join(", ")})`;
  }

  #each(change: (values: Column) => Column): Dataset<C> {
    const entries = Object.entries(this.columns).map(([name, values]) => [name, change(values)]);
    return new Rows(Object.fromEntries(entries) as C) as never;
  }

  #parts(op: string, fractions: readonly number[], seed: Seed, options: StratifyOptions<C>): number[][] {
    checkOptions(op, options, ["stratify"]);
    const order = shuffledOrder(seedKey(op, "seed", seed), this.size);
    const name = options.stratify;
    if (name === undefined) return partition(order, fractions);
    const labels = this.columns[name];
    if (labels === undefined || labels.rowLength !== 1) {
      const problem = labels === undefined ? "no column" : `${labels}, not one number a row`;
      throw outside(
        op,
        `stratify is ${valueText(name)}, which is ${problem}`,
        `the columns are ${Object.keys(this.columns).join(", ")}`,
      );
    }
    return partition(order, fractions, labels.data);
  }
}

/** Columns with equally many rows: `dataset({ x: { data, shape: [150, 4] }, y: Int32Array.of(…) })`. */
export function dataset<T extends Readonly<Record<string, ColumnLike>>>(
  columns: T,
): Dataset<{ [K in keyof T]: Column }> {
  const entries = Object.entries(columns).map(([name, value]) => {
    if (name !== "" && name !== FORBIDDEN) return [name, column(value)];
    throw forbiddenName("dataset", name);
  });
  return new Rows(Object.fromEntries(entries) as never) as never;
}

/** A name that no column may have. */
export const forbiddenName = (op: string, name: string, line?: number): DataError =>
  new DataError("FormatError", "E772", op, `${JSON.stringify(name)} cannot be the name of a column`, {
    ...(line === undefined ? {} : { line }),
    fix: "give the column another name",
  });

/** Whether `value` is a data set. */
export const isDataset = (value: unknown): value is Dataset<Columns> => value instanceof Rows;

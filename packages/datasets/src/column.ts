import { type DType, ShapeError, type Tensor, tensor, valueText } from "@tenon/tensor";
import { DataError } from "./errors.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
} as const;

/** The dtypes that a column may have. */
export type ColumnDType = keyof typeof arrays;

/** The values of a column, row-major. */
export type ColumnArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Numbers nested as deep as the column's rank. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** What the numbers of a column mean to people. */
export interface ColumnNames {
  /** What the whole numbers 0, 1, … stand for. */
  readonly classes?: readonly string[] | undefined;
  /** What the entries of the last axis are. */
  readonly features?: readonly string[] | undefined;
}

/** What `column` takes: a column, a typed array of one number a row, values with their shape, or nested numbers. */
export type ColumnLike =
  | Column
  | ColumnArray
  | NestedNumbers
  | ({ readonly data: ColumnArray; readonly shape: readonly number[] } & ColumnNames);

/**
 * An array whose first axis counts the rows of a data set. (rows, …)
 *
 * Pictures are stored as bytes and given as float32: `data` looks each byte up in a table of 256 values, and only when it
 * is read. A column is not changed by anything here; a slice shares its memory.
 */
export class Column implements ColumnNames {
  readonly dtype: ColumnDType;
  readonly shape: readonly number[];
  readonly classes: readonly string[] | undefined;
  readonly features: readonly string[] | undefined;
  readonly #stored: ColumnArray;
  readonly #levels: Float32Array | undefined;
  #data: ColumnArray | undefined;

  constructor(stored: ColumnArray, shape: readonly number[], names: ColumnNames = {}, levels?: Float32Array) {
    const count = shape.reduce((n, size) => n * size, 1);
    if (shape.length === 0 || count !== stored.length) {
      throw new ShapeError("E207", "column", `${stored.length} values do not fill the shape [${shape.join(", ")}]`, {
        fix: shape.length === 0 ? "the first axis counts the rows" : `the shape needs ${count} values`,
      });
    }
    this.dtype = levels === undefined ? dtypeOf(stored) : "float32";
    this.shape = Object.freeze([...shape]);
    this.classes = names.classes;
    this.features = names.features;
    this.#stored = stored;
    this.#levels = levels;
  }

  /** The number of rows. */
  get size(): number {
    return this.shape[0]!;
  }

  /** The number of values in a row. */
  get rowLength(): number {
    return this.shape.slice(1).reduce((n, size) => n * size, 1);
  }

  /** All values, row-major. Do not write to them: slices share them. */
  get data(): ColumnArray {
    if (this.#levels === undefined) return this.#stored;
    this.#data ??= looked(this.#stored, this.#levels);
    return this.#data;
  }

  /** Rows from `start` up to `end`, in the same memory; like `Array.slice`, negative numbers count from the end. */
  slice(start = 0, end = this.size): Column {
    const [from, to] = bounds(start, end, this.size);
    const length = this.rowLength;
    return this.#like(this.#stored.subarray(from * length, to * length), [to - from, ...this.shape.slice(1)]);
  }

  /** The rows with these numbers, copied, in this order. */
  gather(rows: ArrayLike<number>): Column {
    const length = this.rowLength;
    const stored: ColumnArray = new arrays[dtypeOf(this.#stored)](rows.length * length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (!(row >= 0 && row < this.size)) throw noRow(row, this.size);
      if (length === 1) stored[i] = this.#stored[row]!;
      else stored.set(this.#stored.subarray(row * length, (row + 1) * length), i * length);
    }
    return this.#like(stored, [rows.length, ...this.shape.slice(1)]);
  }

  /** The same values with rows of another shape, such as [28, 28, 1] for [28, 28]. */
  reshape(rowShape: readonly number[]): Column {
    return this.#like(this.#stored, [this.size, ...rowShape]);
  }

  /** The same numbers in another dtype. */
  cast(dtype: ColumnDType): Column {
    if (dtype === this.dtype) return this;
    const array = Object.hasOwn(arrays, dtype) ? arrays[dtype] : undefined;
    if (array === undefined) throw unknownDType(dtype);
    return new Column(array.from(this.data as ArrayLike<number>), this.shape, this);
  }

  /** A uint8 column whose byte b stands for `levels[b]`. */
  withLevels(levels: Float32Array): Column {
    return new Column(this.#stored, this.shape, this, levels);
  }

  /** A tensor with a copy of the values. */
  tensor(): Tensor {
    return tensor(this.data, { shape: this.shape, dtype: this.dtype as DType });
  }

  toString(): string {
    return `${this.dtype} [${this.shape.join(", ")}]`;
  }

  #like(stored: ColumnArray, shape: readonly number[]): Column {
    return new Column(stored, shape, this, this.#levels);
  }
}

/** A column of whatever holds numbers. Nested lists become float32, as in `tensor`; name a typed array for integers. */
export function column(value: ColumnLike): Column {
  if (value instanceof Column) return value;
  if (ArrayBuffer.isView(value)) return new Column(value, [value.length]);
  if (Array.isArray(value)) return nested(value as NestedNumbers);
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value) {
    return new Column(value.data, value.shape, value);
  }
  throw new DataError("OptionError", "E770", "column", `${valueText(value)} is no array of numbers`, {
    fix: "give a typed array, { data, shape }, or nested lists of numbers",
  });
}

/** A loop, since `Float32Array.from` calls a function for each of the millions of pixels. */
function looked(stored: ColumnArray, levels: Float32Array): Float32Array {
  const data = new Float32Array(stored.length);
  for (let i = 0; i < data.length; i++) data[i] = levels[stored[i]!]!;
  return data;
}

function nested(rows: NestedNumbers): Column {
  const shape: number[] = [];
  for (let level: unknown = rows; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data = new Float32Array(shape.reduce((n, size) => n * size, 1));
  let filled = 0;
  const fill = (level: unknown, axis: number): void => {
    if (axis === shape.length && typeof level === "number") data[filled++] = level;
    else if (Array.isArray(level) && level.length === shape[axis]) for (const entry of level) fill(entry, axis + 1);
    else {
      const wanted = axis === shape.length ? "a number" : `a list of ${shape[axis]}`;
      throw new ShapeError(
        "E206",
        "column",
        `the lists are ragged: where the first row has ${wanted}, another has ${valueText(level)}`,
        {
          fix: "give rows of equal length",
        },
      );
    }
  };
  fill(rows, 0);
  return new Column(data, shape);
}

function dtypeOf(stored: ColumnArray): ColumnDType {
  for (const [dtype, array] of Object.entries(arrays)) if (stored instanceof array) return dtype as ColumnDType;
  throw new DataError(
    "OptionError",
    "E770",
    "column",
    `${valueText(stored)} is no array of numbers that a column can hold`,
    {
      fix: `use one of ${Object.values(arrays)
        .map(({ name }) => name)
        .join(", ")}`,
    },
  );
}

const unknownDType = (dtype: unknown): DataError =>
  new DataError("OptionError", "E770", "column", `${valueText(dtype)} is no dtype of a column`, {
    fix: `use one of ${Object.keys(arrays).join(", ")}`,
  });

function bounds(start: number, end: number, size: number): [number, number] {
  const place = (at: number) => Math.min(Math.max(Math.trunc(at < 0 ? size + at : at) || 0, 0), size);
  return [place(start), Math.max(place(start), place(end))];
}

const noRow = (row: number, size: number): DataError =>
  new DataError("OptionError", "E770", "gather", `row ${row} is outside the ${size} rows`, {
    fix: `give whole numbers from 0 to ${size - 1}`,
  });

import { OptionError, Tensor, tensor, valueText } from "@tenon/tensor";

/** What a layer can be adapted to: a data set with a column `x`, a column, a tensor, or nested lists of numbers. */
export type AdaptData = Tensor | NumberColumn | NumberSet | readonly unknown[];

/** Numbers whose first axis counts the examples, as the columns of `@tenon/datasets`. */
export interface NumberColumn {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A data set of `@tenon/datasets`. */
export interface NumberSet {
  readonly size: number;
  readonly columns: Readonly<Record<string, NumberColumn>>;
  slice(start: number, end: number): NumberSet;
}

/** One mean and one variance for each entry of the axes that are kept. */
export interface Measured {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** Gives every number to `visit`, with its place among the elements of one example. */
export type EachNumber = (visit: (value: number, place: number) => void) => void;

const ROWS = 1024; // of a data set at a time: pictures are kept as bytes, and need not all be floats at once

/** The shape of the data, and a way to go through them any number of times. */
export async function blocksOf(
  data: unknown,
): Promise<{ readonly shape: readonly number[]; readonly each: EachNumber }> {
  if (isSet(data)) {
    const { shape } = data.columns.x!;
    const each: EachNumber = (visit) => {
      for (let row = 0; row < data.size; row += ROWS)
        eachOf(data.slice(row, Math.min(row + ROWS, data.size)).columns.x!, visit);
    };
    return { shape, each };
  }
  const values = await columnOf(data);
  return { shape: values.shape, each: (visit) => eachOf(values, visit) };
}

/** In two passes, so that a small spread about a large mean is not lost. */
export function measure(shape: readonly number[], each: EachNumber, kept: readonly number[]): Measured {
  const groups = groupOfPlace(shape, kept);
  const groupCount = kept.reduce((n, axis) => n * shape[axis]!, 1);
  const count = shape.reduce((n, size) => n * size, 1);
  if (count === 0) {
    throw new OptionError("E803", "adapt", `the data of shape [${shape.join(", ")}] have no numbers`, {
      fix: "give at least one example",
    });
  }
  const perGroup = count / groupCount;
  const [sums, squares] = [new Float64Array(groupCount), new Float64Array(groupCount)];
  each((value, place) => {
    sums[groups[place]!]! += value;
  });
  const mean = Array.from(sums, (sum) => sum / perGroup);
  each((value, place) => {
    squares[groups[place]!]! += (value - mean[groups[place]!]!) ** 2;
  });
  return { mean, variance: Array.from(squares, (sum) => sum / perGroup) };
}

/** For each element of an example, which of the kept entries it belongs to. */
function groupOfPlace([, ...sizes]: readonly number[], kept: readonly number[]): Uint32Array {
  const count = sizes.reduce((n, size) => n * size, 1);
  const groups = new Uint32Array(count);
  for (let place = 0; place < count; place++) {
    let [rest, stride] = [place, 1];
    for (let axis = sizes.length; axis >= 1; axis--) {
      const size = sizes[axis - 1]!;
      if (kept.includes(axis)) {
        groups[place]! += (rest % size) * stride;
        stride *= size;
      }
      rest = Math.floor(rest / size);
    }
  }
  return groups;
}

function eachOf({ data, shape }: NumberColumn, visit: (value: number, place: number) => void): void {
  const length = shape.slice(1).reduce((n, size) => n * size, 1);
  for (let i = 0, place = 0; i < data.length; i++) {
    visit(data[i]!, place);
    if (++place === length) place = 0;
  }
}

async function columnOf(data: unknown): Promise<NumberColumn> {
  if (isColumn(data)) return data;
  if (!(data instanceof Tensor || Array.isArray(data))) {
    throw new OptionError("E803", "adapt", `the data are ${valueText(data)}, which is no data set and no tensor`, {
      fix: "give a data set with a column x, a tensor, or nested lists of numbers",
    });
  }
  const values = data instanceof Tensor ? data : tensor(data as never);
  return { data: (await values.cast("float32").data()) as ArrayLike<number>, shape: values.shape as readonly number[] };
}

const isColumn = (value: unknown): value is NumberColumn =>
  isObject(value) && ArrayBuffer.isView(value.data) && Array.isArray(value.shape);

const isSet = (value: unknown): value is NumberSet =>
  isObject(value) && typeof value.slice === "function" && isObject(value.columns) && isColumn(value.columns.x);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

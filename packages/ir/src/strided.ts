/** The number of elements of a concrete shape. */
export const countOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Strides of a row-major array, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** Positions of the elements of a strided view, in row-major order of `shape`. */
export function forEachPosition(
  shape: readonly number[],
  strides: readonly number[],
  start: number,
  visit: (position: number, i: number) => void,
): void {
  const count = countOf(shape);
  const last = shape.length - 1;
  const run = last < 0 ? 1 : shape[last]!;
  const step = last < 0 ? 0 : strides[last]!;
  const index = new Array<number>(shape.length).fill(0);
  let row = start;
  for (let i = 0; i < count; i += run) {
    for (let j = 0; j < run; j++) visit(row + j * step, i + j);
    for (let axis = last - 1; axis >= 0; axis--) {
      row += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      row -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

/** Elements of a strided view of `data`, in row-major order of `shape`. */
export function stridedRead(
  data: Float64Array,
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): Float64Array {
  const out = new Float64Array(countOf(shape));
  forEachPosition(shape, strides, start, (position, i) => {
    out[i] = data[position]!;
  });
  return out;
}

/** Stores `values`, in row-major order of `shape`, at the positions of a strided view of `into`. */
export function stridedWrite(
  into: Float64Array,
  values: Float64Array,
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): void {
  forEachPosition(shape, strides, start, (position, i) => {
    into[position] = values[i]!;
  });
}

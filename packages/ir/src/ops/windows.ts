import { dims, ints } from "../attrs.ts";
import type { Batching, Meaning } from "../beside.ts";
import { type Dim, dimAdd, dimAtMost, dimFloorDiv, dimSub, sameDim } from "../dim.ts";
import { isInteger } from "../dtype.ts";
import { wrapInteger } from "../number.ts";
import { applyOp, opRecord } from "../op.ts";
import type { OpRecord } from "../record.ts";
import { accepts, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Shape } from "../shape.ts";
import { countOf, forEachPosition, stridedRead, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";

interface WindowAttrs {
  readonly axes: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/**
 * Every window of `x` along `axes`. An axis of size `n` becomes the `⌊(n − d(s−1) − 1)/st⌋ + 1` places of a window of
 * `s` entries that are `d` apart, `st` from the next; the entries of a window become the last axes, in the order of
 * `axes`: `y[…, o, …, k] = x[…, st·o + d·k, …]`.
 *
 * It only says where elements are read: a backend that fuses never stores the windows. Convolution, pooling and their
 * gradients are made of it and of `fold`, its transpose.
 */
export const windowsOp: OpRecord = opRecord({
  name: "windows",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { axes: ints({ min: 0 }), size: ints({ min: 1 }), stride: ints({ min: 1 }), dilation: ints({ min: 1 }) },
  shape([x], { size, ...attrs }) {
    checkAttrs(attrs, size.length, x.shape.length);
    const places = [...x.shape];
    attrs.axes.forEach((axis, i) => {
      places[axis] = placesOf(x.shape[axis]!, axis, size[i]!, attrs.stride[i]!, attrs.dilation[i]!);
    });
    return [...places, ...size];
  },
  linear: true,
  vjp: ([x], _results, [dy], { axes, stride, dilation }) => [
    applyOp(foldOp, [dy], { axes, dims: axes.map((a) => x.shape[a]!), stride, dilation })[0]!,
  ],
});

export const windowsBatching: Batching<["x"]> = ([x], _batched, attrs) =>
  applyOp(windowsOp, [x], { ...attrs, axes: attrs.axes.map((a: number) => a + 1) })[0]!;

export const windowsMeaning: Meaning<["x"]> = ([x], attrs, [type]) =>
  stridedRead(x.data, type!.shape, windowStrides(x.shape, attrs));

/**
 * The transpose of `windows`: each entry of each window is added to the element it was read from, and `dims` are the
 * sizes of `axes` before. Elements that no window reads are 0. 16-bit floats are summed in float32.
 */
export const foldOp: OpRecord = opRecord({
  name: "fold",
  version: 1,
  numeric: "accumulate",
  inputs: ["w"],
  attrs: { axes: ints({ min: 0 }), dims: dims(), stride: ints({ min: 1 }), dilation: ints({ min: 1 }) },
  type([w], { dims, ...attrs }) {
    const count = attrs.axes.length;
    const rank = w.shape.length - count;
    if (!accepts("number", w.dtype)) failDType("bool cannot be summed", "convert it to a number type");
    if (rank < count)
      fail("E206", `w has rank ${w.shape.length}, which is not a rank of at least ${count} and ${count} window axes`);
    checkAttrs(attrs, dims.length, rank);
    const shape = w.shape.slice(0, rank);
    attrs.axes.forEach((axis, i) => {
      const size = w.shape[rank + i]!;
      if (typeof size !== "number" || size < 1)
        fail("E206", `window axis ${rank + i} has size ${size}, which is no whole number from 1`);
      const places = placesOf(dims[i]!, axis, size, attrs.stride[i]!, attrs.dilation[i]!);
      if (!sameDim(places, shape[axis]!))
        fail("E204", `axis ${axis} has ${shape[axis]} windows but size ${dims[i]} has ${places}`);
      shape[axis] = dims[i]!;
    });
    return { dtype: w.dtype, shape };
  },
  linear: true,
  vjp([w], _results, [dy], { axes, stride, dilation }) {
    const size = w.shape.slice(w.shape.length - axes.length);
    return [applyOp(windowsOp, [dy], { axes, size, stride, dilation })[0]!];
  },
});

export const foldBatching: Batching<["w"]> = ([w], _batched, attrs) =>
  applyOp(foldOp, [w], { ...attrs, axes: attrs.axes.map((a: number) => a + 1) })[0]!;

export const foldMeaning: Meaning<["w"]> = ([w], attrs, [type]) => {
  const out = new Float64Array(countOf(type!.shape));
  forEachPosition(w.shape, windowStrides(type!.shape, attrs), 0, (position, i) => {
    out[position]! += w.data[i]!;
  });
  return isInteger(w.dtype) ? out.map((x) => wrapInteger(w.dtype, x)) : out;
};

function checkAttrs({ axes, stride, dilation }: WindowAttrs, sizes: number, rank: number): void {
  const counts = [axes.length, sizes, stride.length, dilation.length];
  if (new Set(counts).size > 1)
    fail(
      "E206",
      `there are ${counts[0]} axes, ${counts[1]} sizes, ${counts[2]} strides and ${counts[3]} dilations`,
      "give one of each per axis",
    );
  if (new Set(axes).size !== axes.length || axes.some((a) => a >= rank))
    fail("E205", `axes [${axes.join(", ")}] are not different axes of a shape of rank ${rank}`);
}

/** How many windows fit an axis of size `n`. */
function placesOf(n: Dim, axis: number, size: number, stride: number, dilation: number): Dim {
  const reach = dilation * (size - 1) + 1;
  if (!dimAtMost(reach, n)) {
    const problem = (fits: string): string => `a window that reaches over ${reach} ${fits} axis ${axis} of size ${n}`;
    if (typeof n === "number") fail("E210", problem("does not fit"), "pad the axis or use a smaller window");
    fail(
      "E210",
      problem("may not fit"),
      `pad the axis, or give the symbols ranges from which ${reach} <= ${n} follows`,
    );
  }
  return dimAdd(dimFloorDiv(dimSub(n, reach), stride), 1);
}

/** Strides by which the windows of a row-major array are read, in elements. */
function windowStrides(shape: readonly number[], { axes, stride, dilation }: WindowAttrs): number[] {
  const steps = stridesOf(shape);
  const places = [...steps];
  axes.forEach((axis, i) => {
    places[axis] = steps[axis]! * stride[i]!;
  });
  return [...places, ...axes.map((axis, i) => steps[axis]! * dilation[i]!)];
}

export interface WindowOptions {
  readonly axes: readonly number[];
  /** Of the gap between windows, per axis or for all; 1 by default. */
  readonly stride?: number | readonly number[];
  /** Of the gap between the entries of a window; 1 by default. */
  readonly dilation?: number | readonly number[];
}

const perAxis = (value: number | readonly number[], axes: readonly number[]): readonly number[] =>
  typeof value === "number" ? axes.map(() => value) : value;

/** Every window of `size` along `axes`; the window's entries become the last axes. `[6]` by 3 → `[4, 3]`. */
export function windows(x: Tensor, options: WindowOptions & { readonly size: number | readonly number[] }): Tensor {
  const { axes, size, stride = 1, dilation = 1 } = options;
  return applyOp(windowsOp, [x], {
    ...options,
    axes: axes.map((a) => (a < 0 ? a + x.rank : a)),
    size: perAxis(size, axes),
    stride: perAxis(stride, axes),
    dilation: perAxis(dilation, axes),
  })[0]!;
}

/** Windows added up where they came from: the transpose of `windows`. `dims` are the sizes of `axes` in the result. */
export function fold(w: Tensor, options: WindowOptions & { readonly dims: Shape }): Tensor {
  const { axes, stride = 1, dilation = 1 } = options;
  const rank = w.rank - axes.length;
  return applyOp(foldOp, [w], {
    ...options,
    axes: axes.map((a) => (a < 0 ? a + rank : a)),
    stride: perAxis(stride, axes),
    dilation: perAxis(dilation, axes),
  })[0]!;
}

export const windowsSamples = () =>
  samplesOf(windowsOp, [
    [normal([7]), { axes: [0], size: [3], stride: [1], dilation: [1] }],
    [normal([2, 8]), { axes: [1], size: [3], stride: [2], dilation: [2] }],
    [normal([2, 5, 6, 3]), { axes: [1, 2], size: [2, 3], stride: [2, 1], dilation: [1, 2] }],
    [normal([4, 5]), { axes: [1, 0], size: [2, 3], stride: [1, 1], dilation: [1, 1] }],
    [normal([0, 4]), { axes: [1], size: [4], stride: [3], dilation: [1] }],
    [normal([3]), { axes: [], size: [], stride: [], dilation: [] }],
  ]);

export const foldSamples = () =>
  samplesOf(foldOp, [
    [normal([5, 3]), { axes: [0], dims: [7], stride: [1], dilation: [1] }],
    [normal([2, 2, 3]), { axes: [1], dims: [8], stride: [2], dilation: [2] }],
    [normal([2, 2, 2, 3, 2, 3]), { axes: [1, 2], dims: [5, 6], stride: [2, 1], dilation: [1, 2] }],
    [integers([4, 2], -9, 9), { axes: [0], dims: [5], stride: [1], dilation: [1] }],
    [normal([0, 1, 4]), { axes: [1], dims: [4], stride: [3], dilation: [1] }],
  ]);

import { axes, ints, resultShape } from "../attrs.ts";
import { resolveAxes, resolveAxis } from "../axes.ts";
import type { Batching, Meaning } from "../beside.ts";
import { sameDim } from "../dim.ts";
import { checkList, checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { broadcastShape, checkTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { bools, integers, normal, samplesOf } from "../sample.ts";
import type { Shape } from "../shape.ts";
import { stridedRead, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { reduceOp } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/** The operand repeated: its axis `i` becomes axis `dims[i]` of the result, of equal size or repeated from size 1. */
export const broadcastOp: OpRecord = opRecord({
  name: "broadcast",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { shape: resultShape(), dims: ints({ min: 0 }) },
  type([x], { shape, dims }) {
    if (dims.length !== x.shape.length) fail("E206", `dims has ${dims.length} axes but x has rank ${x.shape.length}`);
    dims.forEach((d, i) => {
      if (d >= shape.length || (i > 0 && d <= dims[i - 1]!)) {
        fail("E205", `dims [${dims.join(", ")}] are not rising axes of a shape of rank ${shape.length}`);
      }
      if (!sameDim(x.shape[i]!, 1) && !sameDim(x.shape[i]!, shape[d]!)) {
        fail("E203", `axis ${i} of size ${x.shape[i]} cannot become size ${shape[d]}`);
      }
    });
    return { dtype: x.dtype, shape };
  },
  linear: true,
  vjp: ([x], _results, [dy], { shape, dims }) => [sumBroadcast(dy, x.shape, shape, dims)],
});

export const broadcastBatching: Batching<["x"]> = ([x], _batched, { shape, dims }, size) =>
  applyOp(broadcastOp, [x], { shape: [size, ...shape], dims: [0, ...dims.map((d: number) => d + 1)] });

export const broadcastMeaning: Meaning<["x"]> = ([x], { dims }, [type]) => {
  const from = stridesOf(x.shape);
  const strides = type!.shape.map(() => 0);
  (dims as readonly number[]).forEach((d, i) => {
    if (x.shape[i] !== 1) strides[d] = from[i]!;
  });
  return stridedRead(x.data, type!.shape, strides);
};

/** Sum of `dy` over the axes that a broadcast added or stretched, in the shape it came from. */
function sumBroadcast(dy: Tensor, from: Shape, shape: Shape, dims: readonly number[]): Tensor {
  const source = new Map(dims.map((d, i) => [d, from[i]!]));
  const repeated = shape.flatMap((size, i) => {
    const before = source.get(i);
    return before === undefined || (sameDim(before, 1) && !sameDim(size, 1)) ? [i] : [];
  });
  const summed = repeated.length === 0 ? dy : applyOp(reduceOp, [dy], { op: "sum", axes: repeated })[0]!;
  return reshape(summed, from);
}

/** The operand repeated along new leading axes and along axes of size 1, as in NumPy. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkTensor("broadcastTo", "x", x);
  checkList("broadcastTo", "shape", shape, "x.broadcastTo([2, 3])");
  return broadcastShape(x, shape);
}

/** The axes in another order: axis `i` of the result is axis `perm[i]` of the operand. */
export const transposeOp: OpRecord = opRecord({
  name: "transpose",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { perm: ints({ min: 0 }) },
  shape([x], { perm }) {
    const rank = x.shape.length;
    if (perm.length !== rank || new Set(perm).size !== rank || perm.some((p) => p >= rank)) {
      fail("E205", `[${perm.join(", ")}] is no order of ${rank} axes`, "list every axis once");
    }
    return perm.map((p) => x.shape[p]!);
  },
  linear: true,
  vjp: (_args, _results, [dy], { perm }) => [permute(dy, inverse(perm))],
});

export const transposeBatching: Batching<["x"]> = ([x], _batched, { perm }) =>
  permute(x, [0, ...perm.map((p: number) => p + 1)]);

export const transposeMeaning: Meaning<["x"]> = ([x], { perm }, [type]) => {
  const from = stridesOf(x.shape);
  return stridedRead(
    x.data,
    type!.shape,
    (perm as readonly number[]).map((p) => from[p]!),
  );
};

const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));

const permute = (x: Tensor, perm: readonly number[]): Tensor =>
  perm.every((p, i) => p === i) ? x : applyOp(transposeOp, [x], { perm })[0]!;

/** The axes in the order `perm`, by default reversed; the tensor itself where nothing moves. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  checkTensor("transpose", "x", x);
  if (perm === undefined)
    return permute(
      x,
      x.shape.map((_, i) => x.rank - 1 - i),
    );
  checkList("transpose", "perm", perm, "x.transpose([1, 0])");
  const order = perm.map((p) => resolveAxis("transpose", p, x.rank, x));
  return order.length === x.rank ? permute(x, order) : applyOp(transposeOp, [x], { perm: order })[0]!;
}

/** The tensor with two axes exchanged. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  checkTensor("swapAxes", "x", x);
  const [i, j] = [resolveAxis("swapAxes", a, x.rank, x), resolveAxis("swapAxes", b, x.rank, x)];
  return permute(
    x,
    x.shape.map((_, k) => (k === i ? j : k === j ? i : k)),
  );
}

/** The tensor with the axis `from` moved to the place `to`, the others in their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  checkTensor("moveAxis", "x", x);
  const [i, j] = [resolveAxis("moveAxis", from, x.rank, x), resolveAxis("moveAxis", to, x.rank, x)];
  const perm = x.shape.flatMap((_, k) => (k === i ? [] : [k]));
  perm.splice(j, 0, i);
  return permute(x, perm);
}

/** The elements in the opposite order along each of `axes`. */
export const reverseOp: OpRecord = opRecord({
  name: "reverse",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { axes: axes() },
  shape: ([x]) => x.shape,
  linear: true,
  vjp: (_args, _results, [dy], { axes }) => applyOp(reverseOp, [dy], { axes }),
});

export const reverseBatching: Batching<["x"]> = ([x], _batched, { axes }) =>
  applyOp(reverseOp, [x], { axes: axes.map((a: number) => a + 1) });

export const reverseMeaning: Meaning<["x"]> = ([x], { axes }) => {
  const strides = stridesOf(x.shape);
  let start = 0;
  for (const axis of axes as readonly number[]) {
    start += strides[axis]! * (x.shape[axis]! - 1);
    strides[axis] = -strides[axis]!;
  }
  return stridedRead(x.data, x.shape, strides, start);
};

/** The elements in the opposite order along `axis`, which may be several; along all where none is given. */
export function reverse(x: Tensor, options: { readonly axis?: number | readonly number[] } = {}): Tensor {
  checkTensor("reverse", "x", x);
  checkOptions("reverse", options, ["axis"]);
  return applyOp(reverseOp, [x], { axes: resolveAxes("reverse", x, options.axis) })[0]!;
}

export const broadcastSamples = () =>
  samplesOf(broadcastOp, [
    [normal([3]), { shape: [2, 3], dims: [1] }],
    [normal([3]), { shape: [3, 2], dims: [0] }],
    [normal([]), { shape: [2, 2], dims: [] }],
    [normal([1, 3]), { shape: [2, 3, 4], dims: [0, 1] }],
    [normal([2, 1], { dtype: "float64" }), { shape: [2, 1], dims: [0, 1] }],
    [normal([0]), { shape: [2, 0], dims: [1] }],
    [normal([1]), { shape: [0], dims: [0] }],
    [integers([2], -9, 9), { shape: [2, 2], dims: [1] }],
  ]);
export const transposeSamples = () =>
  samplesOf(transposeOp, [
    [normal([2, 3]), { perm: [1, 0] }],
    [normal([2, 3, 4]), { perm: [2, 0, 1] }],
    [normal([2, 3, 1, 2]), { perm: [3, 1, 0, 2] }],
    [normal([]), { perm: [] }],
    [normal([0, 2]), { perm: [1, 0] }],
    [bools([2, 3]), { perm: [1, 0] }],
  ]);
export const reverseSamples = () =>
  samplesOf(reverseOp, [
    [normal([5]), { axes: [0] }],
    [normal([2, 3, 2]), { axes: [0, -1] }],
    [normal([2, 3]), { axes: [] }],
    [normal([]), { axes: [] }],
    [normal([0, 2]), { axes: [0] }],
    [integers([4], -9, 9), { axes: [0] }],
  ]);

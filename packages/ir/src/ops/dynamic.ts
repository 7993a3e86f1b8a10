import { dims } from "../attrs.ts";
import type { Batching, Meaning } from "../beside.ts";
import { type Dim, dimAtMost, dimSub, sameDim } from "../dim.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, convertTo, splat } from "../promote.ts";
import type { Elements, Operand, OpRecord } from "../record.ts";
import { fail, failDType } from "../rule.ts";
import { type Argument, integers, normal, samplesOf, values } from "../sample.ts";
import { type Shape, shapeText, type TensorType } from "../shape.ts";
import { stridedRead, stridedWrite, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { maximum, minimum } from "./arithmetic.ts";
import { and } from "./bits.ts";
import { greaterEqual, less, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { gatherOp } from "./gather.ts";
import { toIndices } from "./indexing.ts";
import { reshape } from "./reshape.ts";

/** One rank-0 int32 start per axis of `x`, and sizes that fit inside. */
function checkBlock(x: TensorType, sizes: Shape, starts: readonly TensorType[]): void {
  const rank = x.shape.length;
  if (sizes.length !== rank)
    fail("E206", `a block of ${shapeText(sizes)} has rank ${sizes.length} but x has rank ${rank}`);
  if (starts.length !== rank) fail("E209", `${starts.length} of ${rank} starts given`, "give one start per axis of x");
  starts.forEach((start, i) => {
    if (start.dtype !== "int32" || start.shape.length > 0)
      fail("E206", `start ${i} is ${start.dtype} ${shapeText(start.shape)} where an int32 of rank 0 is wanted`);
  });
  sizes.forEach((size, i) => {
    const n = x.shape[i]!;
    if (dimAtMost(size, n)) return;
    const problem = (fits: string): string => `a block of ${size} ${fits} axis ${i} of size ${n}`;
    if (typeof size === "number" && typeof n === "number") fail("E210", problem("does not fit"));
    fail("E210", problem("may not fit"), `give the symbols ranges from which ${size} <= ${n} follows`);
  });
}

/** Where a block begins, in elements: each start is clamped so that the block lies inside. */
function blockStart(shape: readonly number[], sizes: readonly number[], starts: readonly Elements[]): number {
  const steps = stridesOf(shape);
  return steps.reduce(
    (at, step, i) => at + step * Math.min(shape[i]! - sizes[i]!, Math.max(0, starts[i]!.data[0]!)),
    0,
  );
}

/**
 * The block of `sizes` that begins at `starts`, one int32 per axis. A start is clamped so that the block lies inside `x`.
 */
export const dynamicSliceOp: OpRecord = opRecord({
  name: "dynamic_slice",
  version: 1,
  numeric: "exact",
  inputs: ["x", "...starts"],
  attrs: { sizes: dims() },
  type([x, ...starts], { sizes }) {
    checkBlock(x, sizes, starts);
    return { dtype: x.dtype, shape: sizes };
  },
  linear: ["x"],
  vjp: ([x, ...starts], _results, [dy]) => [
    applyOp(dynamicUpdateOp, [splat(0, x.shape, x.dtype), dy, ...starts])[0]!,
    ...starts.map(() => null),
  ],
});

export const dynamicSliceBatching: Batching<["x", "...starts"]> = (
  [x, ...starts],
  [xBatched, ...startsBatched],
  { sizes }: { sizes: Shape },
  size,
) => {
  const [bx] = alignBatch([x], [xBatched], size);
  const zero = splat(0, [], "int32");
  const shared = starts.map((start, i) => (startsBatched[i]! ? zero : start));
  const block = applyOp(dynamicSliceOp, [bx!, zero, ...shared], {
    sizes: [size, ...sizes.map((s, i) => (startsBatched[i]! ? x.shape[i + (xBatched ? 1 : 0)]! : s))],
  })[0]!;
  return sizes.reduce<Tensor>((y, s, i) => (startsBatched[i]! ? gatherRows(y, starts[i]!, s, i + 1) : y), block);
};

export const dynamicSliceMeaning: Meaning<["x", "...starts"]> = ([x, ...starts], { sizes }) => {
  return stridedRead(x.data, sizes, stridesOf(x.shape), blockStart(x.shape, sizes, starts));
};

/** From each row of `x` the `size` entries along `axis` that begin at the row's start. */
function gatherRows(x: Tensor, starts: Tensor, size: Dim, axis: number): Tensor {
  if (sameDim(size, x.shape[axis]!)) return x;
  const indices = column(clampStart(starts, x.shape[axis]!, size)).add(iota([starts.shape[0]!, size], 1));
  return applyOp(gatherOp, [x, indices], { axis, batch: 1 })[0]!;
}

const clampStart = (starts: Tensor, n: Dim, size: Dim): Tensor => maximum(minimum(starts, dimSub(n, size)), 0);
const column = (rows: Tensor): Tensor => reshape(rows, [rows.shape[0]!, 1]);

/** `x` with the block that begins at `starts` replaced by `u`. A start is clamped so that the block lies inside. */
export const dynamicUpdateOp: OpRecord = opRecord({
  name: "dynamic_update",
  version: 1,
  numeric: "exact",
  inputs: ["x", "u", "...starts"],
  type([x, u, ...starts]) {
    if (u.dtype !== x.dtype) failDType(`x is ${x.dtype} but u is ${u.dtype}`, "convert one of them");
    checkBlock(x, u.shape, starts);
    return { dtype: x.dtype, shape: x.shape };
  },
  linear: ["x", "u"],
  vjp([, u, ...starts], _results, [dy]) {
    return [
      applyOp(dynamicUpdateOp, [dy, splat(0, u.shape, u.dtype), ...starts])[0]!,
      applyOp(dynamicSliceOp, [dy, ...starts], { sizes: u.shape })[0]!,
      ...starts.map(() => null),
    ];
  },
});

export const dynamicUpdateBatching: Batching<["x", "u", "...starts"]> = (
  [x, u, ...starts],
  [xBatched, uBatched, ...startsBatched],
  _attrs,
  size,
) => {
  const [bx, bu] = alignBatch([x, u], [xBatched, uBatched], size);
  if (!startsBatched.includes(true)) return applyOp(dynamicUpdateOp, [bx!, bu!, splat(0, [], "int32"), ...starts])[0]!;
  return updateRows(bx!, bu!, alignBatch(starts, startsBatched, size));
};

export const dynamicUpdateMeaning: Meaning<["x", "u", "...starts"]> = ([x, u, ...starts]) => {
  const out = Float64Array.from(x.data);
  stridedWrite(out, u.data, u.shape, stridesOf(x.shape), blockStart(x.shape, u.shape, starts));
  return out;
};

/** Each row of `x` with its own block replaced: `u` read at the distance from the start, where that is inside `u`. */
function updateRows(x: Tensor, u: Tensor, starts: readonly Tensor[]): Tensor {
  let [spread, inside]: [Tensor, Tensor | undefined] = [u, undefined];
  starts.forEach((start, i) => {
    const [n, size, axis] = [x.shape[i + 1]!, u.shape[i + 1]!, i + 1];
    if (sameDim(n, size)) return;
    const offset = iota([x.shape[0]!, n], 1).sub(column(clampStart(start, n, size)));
    spread = applyOp(gatherOp, [spread, offset], { axis, batch: 1 })[0]!;
    const within = and(greaterEqual(offset, 0), less(offset, size));
    const placed = reshape(
      within,
      x.shape.map((d, a) => (a === 0 || a === axis ? d : 1)),
    );
    inside = inside === undefined ? placed : and(inside, placed);
  });
  return inside === undefined ? u : select(inside, spread, x);
}

const toStarts = (op: string, starts: readonly Operand[]): readonly Tensor[] =>
  starts.map((start) => toIndices(op, start));

/** The block of `sizes` at `starts`, which may be computed; a start is clamped so that the block lies inside. */
export const dynamicSlice = (x: Tensor, starts: readonly Operand[], sizes: Shape): Tensor =>
  applyOp(dynamicSliceOp, [x, ...toStarts("dynamicSlice", starts)], { sizes })[0]!;

/** `x` with the block at `starts` replaced by `u`; a start is clamped so that the block lies inside. */
export const dynamicUpdate = (x: Tensor, u: Tensor, starts: readonly Operand[]): Tensor =>
  applyOp(dynamicUpdateOp, [x, convertTo(u, x.dtype), ...toStarts("dynamicUpdate", starts)])[0]!;

const start = (i: number): Argument => values([i], [], "int32");

export const dynamicSliceSamples = () =>
  samplesOf(dynamicSliceOp, [
    [normal([5]), start(2), { sizes: [2] }],
    [normal([4, 6]), start(3), start(-2), { sizes: [2, 3] }], // both clamped
    [normal([2, 3]), start(1), start(0), { sizes: [2, 0] }],
    [normal([]), { sizes: [] }],
  ]);

export const dynamicUpdateSamples = () =>
  samplesOf(dynamicUpdateOp, [
    [normal([5]), normal([2]), start(2)],
    [normal([4, 6]), normal([2, 3]), start(3), start(-2)],
    [normal([2, 3]), normal([2, 0]), start(1), start(0)],
    [integers([3], 0, 9), integers([3], 0, 9), start(1)],
  ]);

import { axis, int } from "../attrs.ts";
import type { Batching, Meaning } from "../beside.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor, splat } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { alongLast, gatheredType, gatherMap, toIndices } from "./indexing.ts";
import { moveAxis } from "./move.ts";
import { reshape } from "./reshape.ts";
import { scatterOp } from "./scatter.ts";

/**
 * Entries of `x` along `axis` by number. The first `batch` axes of both operands go together; the other axes of the
 * indices stand in the place of `axis`: `y[b, p, j, q] = x[b, p, i[b, j], q]`. Reads 0 where the index is out of range.
 */
export const gatherOp: OpRecord = opRecord({
  name: "gather",
  version: 1,
  numeric: "exact",
  inputs: ["x", "indices"],
  attrs: { axis: axis(), batch: int({ min: 0, fallback: 0 }) },
  type: ([x, indices], { axis, batch }) => gatheredType(x, indices, axis, batch),
  linear: ["x"],
  vjp: ([x, indices], _results, [dy], { axis, batch }) => [
    applyOp(scatterOp, [splat(0, x.shape, x.dtype), indices, dy], { axis, batch, mode: "add" })[0]!,
    null,
  ],
});

export const gatherBatching: Batching<["x", "indices"]> = (
  [x, indices],
  [xBatched, indicesBatched],
  { axis, batch },
  size,
) => {
  if (batch === 0 && !indicesBatched) return applyOp(gatherOp, [x, indices], { axis: axis + 1, batch })[0]!;
  if (batch === 0 && !xBatched) return moveAxis(applyOp(gatherOp, [x, indices], { axis, batch })[0]!, axis, 0);
  return applyOp(gatherOp, alignBatch([x, indices], [xBatched, indicesBatched], size), {
    axis: axis + 1,
    batch: batch + 1,
  })[0]!;
};

export const gatherMeaning: Meaning<["x", "indices"]> = ([x, indices], { axis, batch }) =>
  gatherMap(x.shape, indices.shape, indices.data, axis, batch).map((from) => (from < 0 ? 0 : x.data[from]!));

/** Entries of `x` along `axis` by number; `batch` leading axes go together. Out of range reads 0. */
export const gather = (
  x: Tensor,
  indices: Operand,
  options: { readonly axis: number; readonly batch?: number },
): Tensor => applyOp(gatherOp, [x, toIndices("gather", indices)], options)[0]!;

/**
 * Entries of `x` along `axis` by number, as NumPy's `take`; without `axis` of all elements in row-major order. The axes
 * of `indices` stand in the place of `axis`. Out of range, negative numbers included, reads 0.
 */
export function take(x: Tensor, indices: Operand, options: { readonly axis?: number } = {}): Tensor {
  checkTensor("take", "x", x);
  checkOptions("take", options, ["axis"]);
  const { axis } = options;
  const at = toIndices("take", indices);
  if (axis === undefined) return applyOp(gatherOp, [reshape(x, [sizeOf(x.shape)]), at], { axis: 0 })[0]!;
  return applyOp(gatherOp, [x, at], { axis })[0]!;
}

/**
 * One entry per index within each line of `x` along `axis`: `y[…, j, …] = x[…, i[…, j, …], …]`, as NumPy's
 * `take_along_axis`. Where `indices` lack the axis, so does the result: one entry per line, `(…, n), (…) → (…)`.
 */
export function takeAlong(x: Tensor, indices: Operand, options: { readonly axis?: number } = {}): Tensor {
  checkTensor("takeAlong", "x", x);
  checkOptions("takeAlong", options, ["axis"]);
  const { axis = -1 } = options;
  const at = toIndices("takeAlong", indices);
  const [lines, lineIndices] = alongLast("takeAlong", x, at, axis);
  const batch = x.rank - 1;
  const y = applyOp(gatherOp, [lines, lineIndices], { axis: batch, batch })[0]!;
  return at.rank === x.rank ? moveAxis(y, -1, axis) : y;
}

export const gatherSamples = () =>
  samplesOf(gatherOp, [
    [normal([5, 3]), integers([4], 0, 4), { axis: 0 }],
    [normal([3, 5]), integers([2, 2], -1, 5), { axis: 1 }], // some out of range
    [normal([2, 5, 3]), integers([2, 4], 0, 4), { axis: 1, batch: 1 }],
    [normal([2, 3, 5]), integers([2], 0, 4), { axis: 2, batch: 1 }],
    [normal([4]), integers([], 0, 3), { axis: 0 }],
    [normal([4, 2]), integers([0], 0, 3), { axis: 0 }],
    [normal([0, 2]), integers([3], 0, 3), { axis: 0 }],
    [integers([6], -9, 9), integers([3], 0, 5), { axis: 0 }],
  ]);

export const takeSamples = () =>
  samplesOf(take, [
    [normal([2, 3]), integers([4], 0, 5)],
    [normal([2, 3]), integers([2], 0, 2, "uint8"), { axis: -1 }],
  ]);

export const takeAlongSamples = () =>
  samplesOf(takeAlong, [
    [normal([3, 4]), integers([3], 0, 3)],
    [normal([3, 4]), integers([3, 2], 0, 3), { axis: 1 }],
    [normal([3, 4, 2]), integers([5, 4, 2], 0, 2), { axis: 0 }],
  ]);

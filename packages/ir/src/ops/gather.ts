import { axis, int } from "../attrs.ts";
import { isInteger } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, splat, toTensor } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { currentPlace, fail, failDType } from "../rule.ts";
import { type Shape, sameShape, shapeText, sizeOf, type TensorType } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { moveAxis } from "./move.ts";
import { reshape } from "./reshape.ts";
import { scatterOp } from "./scatter.ts";

/** The type of what `indices` pick out of `x`; the same for the updates of a scatter. */
export function gatheredType(x: TensorType, indices: TensorType, axis: number, batch: number): TensorType {
  if (indices.dtype !== "int32") failDType(`indices are ${indices.dtype} where int32 is wanted`, "convert them");
  if (batch > axis || batch > indices.shape.length)
    fail("E205", `batch ${batch} is above the axis ${axis} or the rank ${indices.shape.length} of the indices`);
  if (!sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch))) {
    fail(
      "E203",
      `the first ${batch} axes are ${shapeText(x.shape.slice(0, batch))} in x but ${shapeText(indices.shape.slice(0, batch))} in the indices`,
    );
  }
  return {
    dtype: x.dtype,
    shape: [...x.shape.slice(0, axis), ...indices.shape.slice(batch), ...x.shape.slice(axis + 1)],
  };
}

const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** For each gathered element in row-major order, the element of `x` that it is; −1 where the index is out of range. */
export function gatherMap(
  x: readonly number[],
  indices: readonly number[],
  at: Float64Array,
  axis: number,
  batch: number,
): Float64Array {
  const [outer, middle, size, inner] = [
    product(x.slice(0, batch)),
    product(x.slice(batch, axis)),
    x[axis]!,
    product(x.slice(axis + 1)),
  ];
  const picked = product(indices.slice(batch));
  const map = new Float64Array(outer * middle * picked * inner);
  let next = 0;
  for (let b = 0; b < outer; b++) {
    for (let m = b * middle; m < (b + 1) * middle; m++) {
      for (let j = b * picked; j < (b + 1) * picked; j++) {
        const index = at[j]!;
        const inside = index >= 0 && index < size;
        for (let k = 0; k < inner; k++) map[next++] = inside ? (m * size + index) * inner + k : -1;
      }
    }
  }
  return map;
}

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
  run: ([x, indices], { axis, batch }) =>
    gatherMap(x.shape, indices.shape, indices.data, axis, batch).map((from) => (from < 0 ? 0 : x.data[from]!)),
  linear: ["x"],
  vjp: ([x, indices], _results, [dy], { axis, batch }) => [
    applyOp(scatterOp, [splat(0, x.shape, x.dtype), indices, dy], { axis, batch, mode: "add" })[0]!,
    null,
  ],
  batch([x, indices], [xBatched, indicesBatched], { axis, batch }, size) {
    if (batch === 0 && !indicesBatched) return applyOp(gatherOp, [x, indices], { axis: axis + 1, batch })[0]!;
    if (batch === 0 && !xBatched) return moveAxis(applyOp(gatherOp, [x, indices], { axis, batch })[0]!, axis, 0);
    return applyOp(gatherOp, alignBatch([x, indices], [xBatched, indicesBatched], size), {
      axis: axis + 1,
      batch: batch + 1,
    })[0]!;
  },
});

/** Indices as int32; any integer dtype is converted, a float is an error. */
export function toIndices(op: string, indices: Operand): Tensor {
  if (!(indices instanceof Tensor) || isInteger(indices.dtype)) return toTensor(op, indices, "int32");
  throw new DTypeError("E201", op, `indices are ${indices.dtype} where an integer type is wanted`, {
    operands: { indices },
    at: currentPlace(),
    fix: 'convert them, for example indices.cast("int32")',
  });
}

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
export function take(x: Tensor, indices: Operand, { axis }: { readonly axis?: number } = {}): Tensor {
  const at = toIndices("take", indices);
  if (axis === undefined) return applyOp(gatherOp, [reshape(x, [sizeOf(x.shape)]), at], { axis: 0 })[0]!;
  return applyOp(gatherOp, [x, at], { axis })[0]!;
}

/**
 * One entry per index within each line of `x` along `axis`: `y[…, j, …] = x[…, i[…, j, …], …]`, as NumPy's
 * `take_along_axis`. Where `indices` lack the axis, so does the result: one entry per line, `(…, n), (…) → (…)`.
 */
export function takeAlong(x: Tensor, indices: Operand, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const at = toIndices("takeAlong", indices);
  const [lines, lineIndices] = alongLast("takeAlong", x, at, axis);
  const batch = x.rank - 1;
  const y = applyOp(gatherOp, [lines, lineIndices], { axis: batch, batch })[0]!;
  return at.rank === x.rank ? moveAxis(y, -1, axis) : y;
}

/** The operands with `axis` last, so that every other axis is a batch axis. */
export function alongLast(op: string, x: Tensor, indices: Tensor, axis: number): readonly [Tensor, Tensor] {
  const at = axis < 0 ? axis + x.rank : axis;
  const without = (shape: Shape): Shape => shape.filter((_, i) => i !== at);
  const full = indices.rank === x.rank;
  if (!(at >= 0 && at < x.rank) || !sameShape(without(x.shape), full ? without(indices.shape) : indices.shape)) {
    throw new ShapeError(
      "E203",
      op,
      `indices ${shapeText(indices.shape)} do not go along axis ${axis} of ${shapeText(x.shape)}`,
      {
        operands: { x, indices },
        at: currentPlace(),
        fix: "every other axis must have the same size in both",
      },
    );
  }
  return [moveAxis(x, at, -1), full ? moveAxis(indices, at, -1) : indices];
}

import { isInteger } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { toTensor } from "../promote.ts";
import type { Operand } from "../record.ts";
import { currentPlace, fail, failDType } from "../rule.ts";
import { type Shape, sameShape, shapeText, type TensorType } from "../shape.ts";
import { countOf } from "../strided.ts";
import { Tensor } from "../tensor.ts";
import { moveAxis } from "./move.ts";

/** Indices as int32; any integer dtype is converted, a float is an error. */
export function toIndices(op: string, indices: Operand): Tensor {
  if (!(indices instanceof Tensor) || isInteger(indices.dtype)) return toTensor(op, indices, "int32");
  throw new DTypeError("E201", op, `indices are ${indices.dtype} where an integer type is wanted`, {
    operands: { indices },
    at: currentPlace(),
    fix: 'convert them, for example indices.cast("int32")',
  });
}

/** The type of what `indices` pick out of `x`; the same for the updates of a scatter. */
export function gatheredType(x: TensorType, indices: TensorType, axis: number, batch: number): TensorType {
  if (indices.dtype !== "int32") failDType(`indices are ${indices.dtype} where int32 is wanted`, "convert them");
  if (batch > axis || batch > indices.shape.length)
    fail("E205", `batch ${batch} is above the axis ${axis} or the rank ${indices.shape.length} of the indices`);
  if (!sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch))) {
    fail(
      "E203",
      `batch axes are ${shapeText(x.shape.slice(0, batch))} in x but ${shapeText(indices.shape.slice(0, batch))} in the indices`,
    );
  }
  return {
    dtype: x.dtype,
    shape: [...x.shape.slice(0, axis), ...indices.shape.slice(batch), ...x.shape.slice(axis + 1)],
  };
}

/** For each gathered element in row-major order, the element of `x` that it is; −1 where the index is out of range. */
export function gatherMap(
  x: readonly number[],
  indices: readonly number[],
  at: Float64Array,
  axis: number,
  batch: number,
): Float64Array {
  const [outer, middle, size, inner] = [
    countOf(x.slice(0, batch)),
    countOf(x.slice(batch, axis)),
    x[axis]!,
    countOf(x.slice(axis + 1)),
  ];
  const picked = countOf(indices.slice(batch));
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

import { ShapeError } from "./errors.ts";
import { currentPlace } from "./rule.ts";
import type { Shape, TensorType } from "./shape.ts";

/** `axis` counted from 0. Throws unless it is an axis of a tensor of `rank`. */
export function resolveAxis(op: string, axis: number, rank: number, x?: TensorType): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis + 0;
  throw new ShapeError("E205", op, `axis ${axis} is outside rank ${rank}`, {
    ...(x && { operands: { x } }),
    at: currentPlace(),
    fix: rank === 0 ? "a tensor of rank 0 has no axes" : `use an axis from ${-rank} to ${rank - 1}`,
  });
}

/** Axes counted from 0 and sorted; all of them where none is given. Throws on one that is repeated. */
export function resolveAxes(op: string, x: TensorType, axis?: number | readonly number[]): readonly number[] {
  const rank = x.shape.length;
  if (axis === undefined) return x.shape.map((_, i) => i);
  const list = (typeof axis === "number" ? [axis] : axis).map((a) => resolveAxis(op, a, rank, x));
  const sorted = [...new Set(list)].sort((a, b) => a - b);
  if (sorted.length === list.length) return sorted;
  throw new ShapeError("E205", op, `an axis is listed twice in [${[axis].flat().join(", ")}]`, {
    operands: { x },
    at: currentPlace(),
  });
}

/** The shape with size 1 along `axes`: what a reduction leaves where it keeps them. */
export const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d));

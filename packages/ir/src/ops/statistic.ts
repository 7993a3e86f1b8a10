import { keptShape } from "../axes.ts";
import type { Dim } from "../dim.ts";
import { applyOp } from "../op.ts";
import { elementwiseType } from "../rule.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { reduceOp } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { stopGradient } from "./stop-gradient.ts";

/** The type of a statistic of floats along `axes`, which disappear. */
export function statisticType(x: TensorType, axes: readonly number[]): TensorType {
  const { dtype, shape } = elementwiseType([x], "float", ["x"]);
  return { dtype, shape: shape.filter((_, i) => !axes.includes(i)) };
}

/** How many elements lie along `axes`. */
export const countAlong = (x: TensorType, axes: readonly number[]): Dim => sizeOf(axes.map((a) => x.shape[a]!));

/** The largest entry along `axes`, which stay with size 1; a constant for derivatives. Subtracted before `exp`, it keeps it from overflowing. */
export const largest = (x: Tensor, axes: readonly number[]): Tensor =>
  stopGradient(reshape(applyOp(reduceOp, [x], { op: "max", axes })[0]!, keptShape(x.shape, axes)));

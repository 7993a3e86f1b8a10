import { resultShape } from "../attrs.ts";
import { resolveAxes, resolveAxis } from "../axes.ts";
import type { Batching, Meaning } from "../beside.ts";
import { dimFloorDiv, dimMul, sameDim } from "../dim.ts";
import { checkList, checkOptions, ShapeError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor } from "../promote.ts";
import { elementsFix } from "../prose.ts";
import type { OpRecord } from "../record.ts";
import { currentPlace, fail } from "../rule.ts";
import { bools, normal, samplesOf } from "../sample.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The same elements, in row-major order, in another shape. */
export const reshapeOp: OpRecord = opRecord({
  name: "reshape",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { shape: resultShape() },
  type([x], { shape }) {
    const [from, to] = [sizeOf(x.shape), sizeOf(shape)];
    if (!sameDim(from, to))
      fail("E208", `x has ${from} elements but ${shapeText(shape)} has ${to}`, elementsFix(from, to));
    return { dtype: x.dtype, shape };
  },
  linear: true,
  vjp: ([x], _results, [dy]) => [reshape(dy, x.shape)],
});

export const reshapeBatching: Batching<["x"]> = ([x], _batched, { shape }, size) => reshape(x, [size, ...shape]);

export const reshapeMeaning: Meaning<["x"]> = ([x]) => x.data;

/**
 * The same elements, in row-major order, in another shape; one size may be -1 and is computed from the others. The
 * tensor itself where it has that shape.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor("reshape", "x", x);
  checkList("reshape", "shape", shape, "x.reshape([2, -1])");
  const full = shape.includes(-1) ? withMissing(x, shape) : shape;
  return sameShape(x.shape, full) ? x : applyOp(reshapeOp, [x], { shape: full })[0]!;
}

function withMissing(x: Tensor, shape: Shape): Shape {
  const refuse = (problem: string): never => {
    throw new ShapeError("E208", "reshape", problem, { operands: { x }, at: currentPlace() });
  };
  const at = shape.indexOf(-1);
  const others = shape.filter((_, i) => i !== at);
  if (others.includes(-1)) refuse(`${shapeText(shape)} leaves two sizes open`);
  const [all, rest] = [sizeOf(x.shape), sizeOf(others)];
  if (rest === 0) refuse(`the open size of ${shapeText(shape)} could be anything`);
  const missing = dimFloorDiv(all, rest);
  if (!sameDim(dimMul(missing, rest), all)) refuse(`${all} elements do not divide by ${rest}, for ${shapeText(shape)}`);
  return shape.with(at, missing);
}

/** The tensor with a new axis of size 1 at the place `axis` of the result. */
export function expandDims(x: Tensor, axis: number): Tensor {
  checkTensor("expandDims", "x", x);
  return reshape(x, x.shape.toSpliced(resolveAxis("expandDims", axis, x.rank + 1, x), 0, 1));
}

/** The tensor without its axes of size 1, or without those named, which must have size 1. */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensor("squeeze", "x", x);
  if (axis === undefined)
    return reshape(
      x,
      x.shape.filter((d) => d !== 1),
    );
  const gone = resolveAxes("squeeze", x, axis);
  for (const i of gone) {
    if (x.shape[i] === 1) continue;
    throw new ShapeError("E203", "squeeze", `axis ${i} has size ${x.shape[i]}, not 1`, {
      operands: { x },
      at: currentPlace(),
    });
  }
  return reshape(
    x,
    x.shape.filter((_, i) => !gone.includes(i)),
  );
}

/** The tensor as one axis, or with the axes from `start` on as one. */
export function flatten(x: Tensor, options: { readonly start?: number } = {}): Tensor {
  checkTensor("flatten", "x", x);
  checkOptions("flatten", options, ["start"]);
  const { start = 0 } = options;
  if (x.rank === 0) return reshape(x, [1]);
  const first = resolveAxis("flatten", start, x.rank, x);
  return reshape(x, [...x.shape.slice(0, first), sizeOf(x.shape.slice(first))]);
}

export const reshapeSamples = () =>
  samplesOf(reshapeOp, [
    [normal([2, 6]), { shape: [3, 4] }],
    [normal([2, 3]), { shape: [6] }],
    [normal([1]), { shape: [] }],
    [normal([]), { shape: [1, 1] }],
    [normal([0, 3]), { shape: [2, 0] }],
    [bools([4]), { shape: [2, 2] }],
  ]);

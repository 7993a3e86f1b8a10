import { type AttrKind, choice } from "../attrs.ts";
import { type Dim, dimMul } from "../dim.ts";
import { applyOp } from "../op.ts";
import { accepts, classWords, fail, failDType } from "../rule.ts";
import { type Shape, sameShape, shapeText, type TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { sub } from "./arithmetic.ts";
import { dotOp, type Precision } from "./dot.ts";
import { sliceAxis } from "./slice.ts";

/** How the factors of an op's products are rounded: `mul` of `dot`. */
export const precisionAttr = (): AttrKind<Precision> => choice<Precision>(["same", "tf32", "bf16"], "same");

/** Refuses operands of a recurrent cell that are not of one float dtype. */
export function checkOneDType(operands: Readonly<Record<string, TensorType>>): void {
  const [[first, { dtype }], ...rest] = Object.entries(operands) as [[string, TensorType], ...[string, TensorType][]];
  if (!accepts("float", dtype)) failDType(`${first} is ${dtype} where ${classWords.float} is wanted`);
  for (const [name, x] of rest)
    if (x.dtype !== dtype) failDType(`${first} is ${dtype} but ${name} is ${x.dtype}`, "convert one of them");
}

/** Sizes of a cell, from its state: the leading axes, the units, and the gates of all of them. */
export interface CellSizes {
  readonly rows: Shape;
  readonly units: Dim;
  readonly gates: Dim;
}

/** Refuses operands of a cell with `count` gates whose shapes are not those that its state makes them have. */
export function checkCell(
  h: TensorType,
  count: number,
  signature: string,
  shapesOf: (sizes: CellSizes) => readonly (readonly [name: string, x: TensorType, wanted: Shape])[],
): void {
  if (h.shape.length === 0) fail("E206", `h has rank 0, below 1, in ${signature}`);
  const units = h.shape.at(-1)!;
  for (const [name, x, wanted] of shapesOf({ rows: h.shape.slice(0, -1), units, gates: dimMul(units, count) }))
    if (!sameShape(x.shape, wanted))
      fail(
        "E203",
        `${name} is ${shapeText(x.shape)} where ${shapeText(wanted)} is wanted, in ${signature}`,
        `h has ${units} units, of which z and kernel have ${count} gates`,
      );
}

/** The parts of the last axis, each of `units`, one gate after another. */
export const gatesOf = (a: Tensor, units: Dim, count: number): Tensor[] =>
  Array.from({ length: count }, (_, k) => sliceAxis(a, -1, dimMul(units, k), dimMul(units, k + 1)));

/** (…, n) times (n, m) → (…, m) */
export const rowsTimes = (x: Tensor, w: Tensor, mul: Precision): Tensor =>
  applyOp(dotOp, [x, w], { contract: [[x.rank - 1], [0]], mul })[0]!;

/** (…, m) times the transpose of (n, m) → (…, n) */
export const rowsTimesTransposed = (dy: Tensor, w: Tensor, mul: Precision): Tensor =>
  applyOp(dotOp, [dy, w], { contract: [[dy.rank - 1], [1]], mul })[0]!;

/** Sum over the rows of the products of (…, n) and (…, m) → (n, m) */
export function outerSum(x: Tensor, dy: Tensor, mul: Precision): Tensor {
  const rows = x.shape.slice(0, -1).map((_, i) => i);
  return applyOp(dotOp, [x, dy], { contract: [rows, rows], mul })[0]!;
}

/** The slope of the logistic function where it is `s`. */
export const sigmoidSlope = (s: Tensor): Tensor => s.mul(sub(1, s));

/** The slope of tanh where it is `t`. */
export const tanhSlope = (t: Tensor): Tensor => sub(1, t.mul(t));

import type { Jvp } from "../beside.ts";
import { isInteger } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import { applyOp, type Binary, defineScalar, type Unary } from "../op.ts";
import { promote, splat } from "../promote.ts";
import type { Operand } from "../record.ts";
import { currentPlace, namedOperands } from "../rule.ts";
import { type Case, distinct, integers, normal, samplesOf, ties, uniform, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { equal, greater, less, select } from "./compare.ts";
import { log } from "./exponential.ts";

/** Sum, `x + y`. Integers wrap. */
export const add: Binary = defineScalar({
  name: "add",
  version: 1,
  numeric: "rounded",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x + y,
  linear: true,
  vjp: (_args, _results, [dz]) => [dz, dz],
});

/** Difference, `x − y`. Integers wrap. */
export const sub: Binary = defineScalar({
  name: "sub",
  version: 1,
  numeric: "rounded",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x - y,
  linear: true,
  vjp: (_args, _results, [dz]) => [dz, neg(dz)],
});

/** Product, `x · y`. Integers wrap. */
export const mul: Binary = defineScalar({
  name: "mul",
  version: 1,
  numeric: "rounded",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x * y,
  integers: (x, y) => Math.imul(x, y),
  derivatives: ([x, y]) => [y, x],
});

/**
 * Quotient, `x / y`. The function turns integers into float32; `intDiv` does not.
 *
 * The op itself truncates integers towards 0, and an integer divided by 0 is unspecified, but never a trap.
 */
export const div: Binary = defineScalar({
  name: "div",
  version: 1,
  numeric: "division",
  accepts: "number",
  promotes: "float",
  inputs: ["x", "y"],
  evaluate: (x, y) => x / y,
  integers: (x, y) => (y === 0 ? 0 : Math.trunc(x / y)),
  vjp([_x, y], [z], [dz]) {
    const dx = div(dz, y);
    return [dx, neg(mul(dx, z))];
  },
});

export const divJvp: Jvp<["x", "y"]> = ([_x, y], [dx, dy], [z]) => {
  if (dy === null) return dx && div(dx, y);
  const change = mul(z, dy);
  return div(dx === null ? neg(change) : sub(dx, change), y);
};

/** Quotient of integers, truncated towards 0. Division by 0 is unspecified, but never an error. */
export function intDiv(x: Operand, y: Operand): Tensor {
  const operands = promote(div.op, [x, y], "integer", 0);
  if (operands.every((t) => isInteger(t.dtype))) return applyOp(div.op, operands)[0]!;
  throw new DTypeError("E201", "intDiv", "an integer type is wanted", {
    operands: namedOperands(div.op, [x, y]),
    at: currentPlace(),
    fix: "use div, or cast to an integer type",
  });
}

/** Remainder with the sign of the dividend, `x − y·trunc(x/y)`, as JavaScript's `%`. */
export const rem: Binary = defineScalar({
  name: "rem",
  version: 1,
  numeric: "division",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x % y,
  integers: (x, y) => (y === 0 ? 0 : x % y),
  derivatives: ([x, y], z) => [splat(1, [], x.dtype), neg(div(sub(x, z), y))],
});

/** `−x`. Integers wrap. */
export const neg: Unary = defineScalar({
  name: "neg",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x"],
  evaluate: (x) => -x,
  linear: true,
  vjp: (_args, _results, [dy]) => [neg(dy)],
});

/** `|x|`, with slope 0 at 0. */
export const abs: Unary = defineScalar({
  name: "abs",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x"],
  evaluate: (x) => Math.abs(x),
  derivatives: ([x]) => [sign(x)],
});

/** −1, 0 or 1; NaN stays. */
export const sign: Unary = defineScalar({
  name: "sign",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x"],
  evaluate: (x) => Math.sign(x),
  derivatives: () => [null],
});

/** The larger of two; NaN if one is NaN. Equal operands share the gradient. */
export const maximum: Binary = defineScalar({
  name: "maximum",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => Math.max(x, y),
  derivatives: ([x, y]) => [share(greater, x, y), share(less, x, y)],
});

/** The smaller of two; NaN if one is NaN. Equal operands share the gradient. */
export const minimum: Binary = defineScalar({
  name: "minimum",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => Math.min(x, y),
  derivatives: ([x, y]) => [share(less, x, y), share(greater, x, y)],
});

/** 1 where x wins, ½ at ties, 0 elsewhere. */
function share(wins: (x: Operand, y: Operand) => Tensor, x: Tensor, y: Tensor): Tensor {
  const one = splat(1, [], x.dtype);
  return select(wins(x, y), one, select(equal(x, y), mul(one, 0.5), 0));
}

/** Power, `x^y`; NaN for a negative x and a y that is no whole number. */
export const pow: Binary = defineScalar({
  name: "pow",
  version: 1,
  numeric: "transcendental",
  inputs: ["x", "y"],
  evaluate: power,
  derivatives([x, y], z) {
    const zeroBase = equal(x, 0);
    // y·x^(y−1), where 0^−1 must not meet y = 0; z·log x, where log 0 must not meet z = 0
    const exponent = select(zeroBase.and(equal(y, 0)), 1, sub(y, 1));
    return [mul(y, pow(x, exponent)), select(zeroBase, 0, mul(z, log(select(zeroBase, 1, x))))];
  },
});

/** C's pow: 1 for a base of 1 or an exponent of 0, whatever the other, where JavaScript's `**` gives NaN for 1^NaN and (±1)^±∞. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** `x²`. */
export const square = (x: Operand): Tensor => mul(x, x);

/** `1 / x`. */
export const reciprocal = (x: Operand): Tensor => div(1, x);

// two operands of every kind that an arithmetic op takes
const pairs = (): readonly Case[] => [
  [distinct([3, 4]), normal([3, 4], { scale: 0.3 })],
  [normal([3, 1, 2]), normal([4, 1], { offset: 9 })],
  [normal([]), normal([])],
  [normal([0, 3]), normal([3])],
  [normal([1], { dtype: "float64" }), normal([1], { dtype: "float64" })],
  [normal([5], { dtype: "float16" }), normal([5], { dtype: "bfloat16" })],
  [integers([4, 5], -9, 9), integers([4, 5], 1, 9)],
  [values([2147483647, -2147483648, -7], [3], "int32"), values([3, -1, 2], [3], "int32")],
  [values([4294967295, 7], [2], "uint32"), values([4294967295, 2], [2], "uint32")],
  [integers([6], -128, 127, "int8"), integers([6], 1, 127, "int8")],
];

export const addSamples = () => samplesOf(add, pairs());
export const subSamples = () => samplesOf(sub, pairs());
export const mulSamples = () => samplesOf(mul, pairs());
export const divSamples = () =>
  samplesOf(div, [
    [normal([3, 4]), uniform([3, 4], 0.5, 2)],
    [normal([2, 1]), uniform([3], -2, -0.5)],
    [normal([]), values([-0.25], [])],
    [normal([0, 3]), normal([3])],
    [normal([1], { dtype: "float64" }), values([3], [1], "float64")],
    [integers([6], -9, 9), integers([6], 1, 9)],
  ]);
export const intDivSamples = () => samplesOf(intDiv, pairs().slice(6));
export const remSamples = () =>
  samplesOf(rem, [
    [values([5.3, -5.3, 5.3, -5.3]), values([2, 2, -2, -2])],
    [normal([2, 3], { scale: 9 }), values([1.7], [])],
    [normal([]), uniform([], 0.1, 0.2)],
    [normal([0]), normal([0])],
    [values([6], [1], "float64"), values([4], [1], "float64")],
    { operands: [values([4, -4]), values([2, 2])], kink: true },
    [values([7, -7, 7, -7], [4], "int32"), values([3, 3, -3, -3], [4], "int32")],
    [values([4294967295], [1], "uint32"), values([10], [1], "uint32")],
  ]);
export const maximumSamples = () =>
  samplesOf(maximum, [...pairs(), { operands: [ties([4, 4]), ties([4, 4])], kink: true }]);
export const minimumSamples = () =>
  samplesOf(minimum, [...pairs(), { operands: [ties([4, 4]), ties([4, 4])], kink: true }]);
export const powSamples = () =>
  samplesOf(pow, [
    [uniform([3, 4], 0.2, 3), normal([3, 4])],
    [uniform([2, 1], 0.2, 3), values([-1, 0, 0.5, 2])],
    [uniform([], 0.2, 3), normal([])],
    [uniform([0], 1, 2), normal([0])],
    [uniform([1], 1, 2, "float64"), normal([1], { dtype: "float64" })],
    { operands: [values([0, 0, 0, -2, -2]), values([0, 1, 2, 0, 2])], kink: true },
  ]);

// one operand of every kind
const singles = (): readonly Case[] => [
  [distinct([3, 4])],
  [normal([2, 1, 3])],
  [normal([])],
  [normal([0, 3])],
  [distinct([1], "float64")],
  [normal([5], { dtype: "float16" })],
  [integers([6], -9, 9)],
  [values([-128, 127], [2], "int8")],
];

export const negSamples = () => samplesOf(neg, [...singles(), [values([0, 4294967295], [2], "uint32")]]);
export const absSamples = () => samplesOf(abs, [...singles(), { operands: [ties([5])], kink: true }]);
export const signSamples = () => samplesOf(sign, [...singles(), { operands: [ties([5])], kink: true }]);
export const squareSamples = () => samplesOf(square, singles());
export const reciprocalSamples = () =>
  samplesOf(reciprocal, [[uniform([3, 4], 0.5, 2)], [values([-0.25], [])], [normal([0])]]);

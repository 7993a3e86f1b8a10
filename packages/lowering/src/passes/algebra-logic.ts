import {
  and,
  compare,
  convert,
  type DType,
  dtypes,
  integerRange,
  isFloat,
  isInteger,
  lookupOp,
  not,
  or,
  select,
  shl,
  shr,
  splat,
  type Tensor,
  wrapInteger,
  xor,
} from "@tenon/ir";
import { type AlgebraRule, either, node, rule, under } from "./algebra-rule.ts";
import { isSplat, splatValue } from "./constant-of.ts";

const bitcast = { op: lookupOp("bitcast")! };

type Direction = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

const opposite: Readonly<Record<Direction, Direction>> = {
  eq: "ne",
  ne: "eq",
  lt: "ge",
  le: "gt",
  gt: "le",
  ge: "lt",
};

const allOnes = (dtype: DType): number => (dtype === "bool" ? 1 : wrapInteger(dtype, -1));
const bool = (value: boolean, { shape }: Tensor): Tensor => splat(value, shape, "bool");

/** Identities of bool, bits, comparisons and conversions; all exact, NaN and the sign of a zero included. */
export const logicRules: readonly AlgebraRule[] = [
  rule("not not x = x", not, ([x]) => under(not, x)),
  rule(
    "x and 1…1 = x",
    and,
    either((x, ones) => (isSplat(ones, allOnes(x.dtype)) ? x : undefined)),
  ),
  rule(
    "x and 0 = 0",
    and,
    either((_x, zero) => (isSplat(zero, 0) ? zero : undefined)),
  ),
  rule(
    "x or 0 = x",
    or,
    either((x, zero) => (isSplat(zero, 0) ? x : undefined)),
  ),
  rule(
    "x or 1…1 = 1…1",
    or,
    either((x, ones) => (isSplat(ones, allOnes(x.dtype)) ? ones : undefined)),
  ),
  rule(
    "x xor 0 = x",
    xor,
    either((x, zero) => (isSplat(zero, 0) ? x : undefined)),
  ),
  rule("x xor x = 0", xor, ([x, y]) => (x === y ? splat(0, x.shape, x.dtype) : undefined)),
  ...[and, or].map((op) => rule(`x ${op.op.name} x = x`, op, ([x, y]) => (x === y ? x : undefined))),
  ...[shl, shr].map((op) => rule(`${op.op.name} by 0`, op, ([x, count]) => (isSplat(count, 0) ? x : undefined))),

  rule("x < x and its like", compare, ([x, y], { attrs }) => {
    if (x !== y) return undefined;
    if (attrs.dir === "lt" || attrs.dir === "gt") return bool(false, x);
    return isFloat(x.dtype) ? undefined : bool(attrs.dir !== "ne", x); // a NaN differs from itself
  }),
  rule("a comparison of bool with a constant", compare, ([x, y], { attrs }) => {
    const value = x.dtype === "bool" ? splatValue(y) : undefined;
    if (value === undefined || (attrs.dir !== "eq" && attrs.dir !== "ne")) return undefined;
    return (value === 1) === (attrs.dir === "eq") ? x : node(not, [x]);
  }),
  rule("a number made of bool, compared with 0", compare, ([x, y], { attrs }) => {
    const p = under(convert, x);
    if (p?.dtype !== "bool" || splatValue(y) !== 0) return undefined; // −0 equals 0
    return attrs.dir === "ne" || attrs.dir === "gt" ? p : attrs.dir === "eq" ? node(not, [p]) : undefined;
  }),
  // with a NaN, neither x < y nor x ≥ y
  rule("not (x < y) = x ≥ y", not, ([x]) => {
    if (x.op !== compare.op) return undefined;
    const dir = x.attrs.dir as Direction;
    if (isFloat(x.inputs[0]!.dtype) && dir !== "eq" && dir !== "ne") return undefined;
    return node(compare, x.inputs, { dir: opposite[dir] });
  }),

  rule("select by a constant", select, ([p, x, y]) => {
    const chosen = splatValue(p);
    return chosen === undefined ? undefined : chosen === 0 ? y : x;
  }),
  rule("select of two equals", select, ([, x, y]) => (x === y ? x : undefined)),
  rule("select by a negation", select, ([p, x, y]) => {
    const q = under(not, p);
    return q && node(select, [q, y, x]);
  }),
  rule("select of 1 and 0", select, ([p, x, y]) => {
    if (isSplat(x, 1) && isSplat(y, 0)) return x.dtype === "bool" ? p : node(convert, [p], { to: x.dtype });
    return x.dtype === "bool" && isSplat(x, 0) && isSplat(y, 1) ? node(not, [p]) : undefined;
  }),

  rule("convert to its own dtype", convert, ([x], { outputs }) => (x.dtype === outputs[0]!.dtype ? x : undefined)),
  rule("convert of an exact convert", convert, ([middle], { outputs }) => {
    const x = under(convert, middle);
    const to = outputs[0]!.dtype;
    if (x === undefined || !passesThrough(x.dtype, middle.dtype, to)) return undefined;
    return x.dtype === to ? x : node(convert, [x], { to });
  }),
  rule("bitcast to its own dtype", bitcast, ([x], { outputs }) => (x.dtype === outputs[0]!.dtype ? x : undefined)),
  // a NaN in the middle might lose its payload
  rule("bitcast of a bitcast", bitcast, ([middle], { outputs }) => {
    const x = under(bitcast, middle);
    const to = outputs[0]!.dtype;
    if (x === undefined || isFloat(middle.dtype)) return undefined;
    return x.dtype === to ? x : node(bitcast, [x], { to });
  }),
];

/** Digits of the fraction of a float, the leading 1 included. */
const digits: Partial<Readonly<Record<DType, number>>> = { float16: 11, bfloat16: 8, float32: 24, float64: 53 };

/** Whether every value of `from` is a value of `to`. */
function holds(to: DType, from: DType): boolean {
  if (to === from || from === "bool") return true;
  if (to === "bool") return false;
  if (isInteger(from)) {
    const [low, high] = integerRange(from);
    if (isFloat(to)) return Math.max(-low, high) <= 2 ** digits[to]!;
    const [least, most] = integerRange(to);
    return least <= low && high <= most;
  }
  return isFloat(to) && dtypes[to].byteLength > dtypes[from].byteLength;
}

/**
 * Whether a value of `from` that goes to `to` by way of `middle` arrives as if it went straight: the middle holds it,
 * and the second step treats it alike. Integers wrap into integers where floats saturate.
 */
function passesThrough(from: DType, middle: DType, to: DType): boolean {
  if (!holds(middle, from)) return false;
  if (!isInteger(to) || from === "bool") return true;
  return isFloat(from) || !isFloat(middle) || holds(to, from);
}

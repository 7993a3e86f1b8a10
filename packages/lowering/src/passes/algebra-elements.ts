import { isFloat, splat, type Tensor } from "@tenon/ir";
import { type AlgebraRule, either, node, rule, under } from "./algebra-rule.ts";
import { isSplat, splatValue } from "./constant-of.ts";

/**
 * Identities of arithmetic and choices. For floats x may be ±0, ±∞, NaN or subnormal, and each side gives the same bits, a
 * NaN's payload aside; integers wrap.
 */
export const elementRules: readonly AlgebraRule[] = [
  // −0 for floats, since −0 + 0 is +0
  rule(
    "x + 0 = x",
    "add",
    either((x, zero) => (isSplat(zero, isFloat(zero.dtype) ? -0 : 0) ? x : undefined)),
  ),
  // x − (+0) keeps the sign of a zero; x − (−0) does not
  rule("x − 0 = x", "sub", ([x, zero]) => (isSplat(zero, 0) ? x : undefined)),
  rule(
    "x · 1 = x",
    "mul",
    either((x, one) => (isSplat(one, 1) ? x : undefined)),
  ),
  rule("x / 1 = x", "div", ([x, one]) => (isSplat(one, 1) ? x : undefined)),
  // both are the same real number, rounded once
  rule("x / 2^k = x · 2^−k", "div", ([x, y]) => {
    const power = isFloat(x.dtype) ? Math.log2(Math.abs(splatValue(y) ?? 0)) : Number.NaN;
    const isSmall = Number.isInteger(power) && Math.abs(power) <= MAX_POWER;
    return isSmall ? node("mul", [x, splat(1 / splatValue(y)!, y.shape, y.dtype)]) : undefined;
  }),
  rule("−−x = x", "neg", ([x]) => under("neg", x)),
  // x² is correctly rounded, x³ and x⁴ are within 2 units in the last place, inside the class of `pow`, transcendental. At ±0,
  // ±∞ and NaN they are what `pow` is; an intermediate product overflows, or loses digits, only where the power does.
  ...[-1, 0, 1, 2, 3, 4].map((k) =>
    rule(`pow(x, ${k})`, "pow", ([x, y]) => (splatValue(y) === k ? product(x, k) : undefined)),
  ),

  rule("select by a constant", "select", ([p, x, y]) => {
    const chosen = splatValue(p);
    return chosen === undefined ? undefined : chosen === 0 ? y : x;
  }),
  rule("select of two equals", "select", ([, x, y]) => (x === y ? x : undefined)),
  rule("select of 1 and 0", "select", ([p, x, y]) => {
    if (!isSplat(x, 1) || !isSplat(y, 0)) return undefined;
    return x.dtype === "bool" ? p : node("convert", [p], { to: x.dtype });
  }),
  rule("convert to its own dtype", "convert", ([x], { outputs }) => (x.dtype === outputs[0]!.dtype ? x : undefined)),
];

/** Within these powers of two every float dtype has normal numbers. */
const MAX_POWER = 14;

function product(x: Tensor, k: number): Tensor {
  if (k === 1) return x;
  const half = k > 1 ? product(x, k >> 1) : splat(1, x.shape, x.dtype);
  if (k < 2) return k === 0 ? half : node("div", [half, x]);
  const square = node("mul", [half, half]);
  return k % 2 === 0 ? square : node("mul", [square, x]);
}

import {
  type Arithmetic,
  bitsOf,
  type Elementary,
  INFINITY_BITS,
  magnitude,
  notANumber,
  polynomial,
  powerOfTwo,
} from "./arithmetic.ts";
import { EXPM1_TAIL, INVERSE_LN2, LN2_HIGH, LN2_LOW } from "./coefficients.ts";

/** `e^x = 2^k · (1 + p)` with `1 + p` between √½ and √2. */
export interface Exponential<F, I> {
  readonly k: I;
  readonly p: F;
}

/**
 * Takes `e^x` apart, for |x| ≤ 177.
 *
 * `k = round(x / ln 2)`, `r = x − k·ln 2` with ln 2 in two parts, the first of which makes an exact product (Cody & Waite 1980,
 * Software manual for the elementary functions), and `p = r + r²·q(r)` with q of degree 5. `extra` is a small addend of x,
 * below one unit in its last place.
 */
export function exponential<F, I, P>(target: Arithmetic<F, I, P>, x: F, extra?: F): Exponential<F, I> {
  const { add, float, mul, mulAdd, nearest, sub, toInteger } = target;
  const k = nearest(mul(x, float(INVERSE_LN2)));
  const high = mulAdd(k, float(-LN2_HIGH), x); // exact: k has 8 bits, LN2_HIGH 14
  const low = extra === undefined ? mul(k, float(LN2_LOW)) : sub(mul(k, float(LN2_LOW)), extra);
  const r = sub(high, low);
  const rest = sub(sub(high, r), low); // what the rounding of r took
  const p = add(r, mulAdd(mul(r, r), polynomial(target, EXPM1_TAIL, r), rest));
  return { k: toInteger(k), p };
}

/** `2^k · (1 + p)`, rounded once more only where the result is subnormal; −252 ≤ k ≤ 254. */
export function compose<F, I, P>(target: Arithmetic<F, I, P>, { k, p }: Exponential<F, I>): F {
  const { add, float, mul, shiftRight, subInteger } = target;
  const half = shiftRight(k, 1);
  return mul(mul(add(float(1), p), powerOfTwo(target, half)), powerOfTwo(target, subInteger(k, half)));
}

/** From the first on, e^x rounds to Infinity; from the second on, e^−x rounds to 0. */
export const OVERFLOW = bitsOf(88.7228394);
const UNDERFLOW = bitsOf(103.972084);

/** `e^x`. e^NaN is NaN, e^∞ = ∞, e^−∞ = 0. */
export const exp: Elementary = (target, x) => {
  const { bits, float, fromBits, integer, less, select, selectInteger } = target;
  const size = magnitude(target, x);
  const tame = less(size, integer(UNDERFLOW));
  const y = bits(compose(target, exponential(target, select(tame, x, float(0)))));
  const negative = less(bits(x), integer(0));
  const positive = selectInteger(less(size, integer(OVERFLOW)), y, integer(INFINITY_BITS));
  const ordered = selectInteger(negative, selectInteger(tame, y, integer(0)), positive);
  return fromBits(selectInteger(less(integer(INFINITY_BITS), size), notANumber(target, x), ordered));
};

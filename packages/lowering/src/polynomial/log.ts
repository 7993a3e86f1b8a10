import {
  type Arithmetic,
  bitsOf,
  type Elementary,
  FRACTION,
  INFINITY_BITS,
  magnitude,
  notANumber,
  polynomial,
} from "./arithmetic.ts";
import { LN2_HIGH, LN2_LOW, LOG1P_TAIL } from "./coefficients.ts";

const ROOT_HALF = bitsOf(Math.SQRT1_2);
const SMALLEST_NORMAL = 1 << FRACTION;
const SUBNORMAL_EXPONENT = -149;

/** The integer k with √½ ≤ 2^−k · x < √2, for normal positive x given by its bits. */
export function exponentOf<F, I, P>({ integer, shiftRight, subInteger }: Arithmetic<F, I, P>, bits: I): I {
  return shiftRight(subInteger(bits, integer(ROOT_HALF)), FRACTION);
}

/**
 * `k·ln 2 + log(1 + f)` for √½ ≤ 1 + f ≤ √2, with `log(1 + f) = f − f²/2 + f³·P(f)`, P of degree 8.
 *
 * k·ln 2's first part has an exact product, and f is added to it with the rounding error kept (Dekker 1971, A floating-point
 * technique for extending the available precision), since the two nearly cancel for k = ±1.
 */
export function logarithm<F, I, P>(target: Arithmetic<F, I, P>, k: F, f: F): F {
  const { add, float, mul, mulAdd, sub } = target;
  const square = mul(f, f);
  const whole = mul(k, float(LN2_HIGH));
  const high = add(whole, f);
  const lost = sub(f, sub(high, whole));
  const cubic = mul(mul(square, f), polynomial(target, LOG1P_TAIL, f));
  const tail = mulAdd(square, float(-0.5), cubic);
  return add(high, add(mulAdd(k, float(LN2_LOW), tail), lost));
}

/** The results that are no logarithm of a positive number: −∞ at zero, NaN below it and at NaN, ∞ at ∞. */
export function atTheBorders<F, I, P>(target: Arithmetic<F, I, P>, x: F, zero: I, below: P, y: F): F {
  const { bits, fromBits, integer, less, selectInteger } = target;
  const size = magnitude(target, x);
  const finite = selectInteger(less(size, integer(INFINITY_BITS)), bits(y), integer(INFINITY_BITS));
  const atZero = selectInteger(less(zero, integer(1)), integer(bitsOf(-Infinity)), finite);
  const ordered = selectInteger(less(integer(INFINITY_BITS), size), notANumber(target, x), atZero);
  return fromBits(selectInteger(below, notANumber(target, x), ordered));
}

/**
 * `x = 2^exponent · (1 + f)` with √½ ≤ 1 + f < √2, for finite positive x given by its bits.
 *
 * A subnormal x is its own pattern times 2⁻¹⁴⁹, read as an integer, so that nothing is lost where subnormals are flushed.
 */
export function splitExponent<F, I, P>(target: Arithmetic<F, I, P>, pattern: I): { exponent: I; f: F } {
  const { addInteger, bits, float, fromBits, integer, less, selectInteger, shiftLeft, sub, subInteger, toFloat } =
    target;
  const small = less(pattern, integer(SMALLEST_NORMAL));
  const normal = selectInteger(small, bits(toFloat(pattern)), pattern);
  const k = exponentOf(target, normal);
  const f = sub(fromBits(subInteger(normal, shiftLeft(k, FRACTION))), float(1));
  return { exponent: addInteger(k, selectInteger(small, integer(SUBNORMAL_EXPONENT), integer(0))), f };
}

/** Natural logarithm. log(±0) = −∞, and NaN below 0. */
export const log: Elementary = (target, x) => {
  const { bits, integer, less, selectInteger, toFloat } = target;
  const { exponent, f } = splitExponent(target, bits(x));
  const size = magnitude(target, x);
  const below = less(integer(0), selectInteger(less(bits(x), integer(0)), size, integer(0)));
  return atTheBorders(target, x, size, below, logarithm(target, toFloat(exponent), f));
};

import { bitsOf, type Elementary, INFINITY_BITS, magnitude, notANumber, powerOfTwo } from "./arithmetic.ts";
import { exponential, OVERFLOW } from "./exp.ts";

/** Below the first, e^x − 1 rounds to x; from the second on, e^−x − 1 rounds to −1. */
const TINY = bitsOf(2 ** -25);
const MINUS_ONE = bitsOf(17.5);

/**
 * `e^x − 1`, `= 2·((2^(k−1) − ½) + 2^(k−1)·p)`. No digits cancel near 0, where k = 0 and the result is p.
 *
 * expm1(±0) = ±0, and every subnormal is its own result.
 */
export const expm1: Elementary = (target, x) => {
  const { add, addInteger, bits, float, fromBits, integer, less, mulAdd, select, selectInteger, sub } = target;
  const size = magnitude(target, x);
  const negative = less(bits(x), integer(0));
  const tame = less(size, selectInteger(negative, integer(MINUS_ONE), integer(OVERFLOW)));
  const { k, p } = exponential(target, select(tame, x, float(0)));
  const scale = powerOfTwo(target, addInteger(k, integer(-1)));
  const half = mulAdd(scale, p, sub(scale, float(0.5)));
  const y = select(less(size, integer(TINY)), x, add(half, half));
  const limit = selectInteger(negative, integer(bitsOf(-1)), integer(INFINITY_BITS));
  const ordered = selectInteger(tame, bits(y), limit);
  return fromBits(selectInteger(less(integer(INFINITY_BITS), size), notANumber(target, x), ordered));
};

import { bitsOf, type Elementary, FRACTION, magnitude, powerOfTwo } from "./arithmetic.ts";
import { atTheBorders, exponentOf, logarithm } from "./log.ts";

/** Below the first, log(1 + x) rounds to x; from exponent 30 on, 1 + x is x. */
const TINY = bitsOf(2 ** -25);
const LARGE_EXPONENT = 30;
const MINUS_ONE = bitsOf(1);

/**
 * `log(1 + x)`. −∞ at −1, and NaN below it; log1p(±0) = ±0, and every subnormal is its own result.
 *
 * k is the exponent of the rounded 1 + x. Then `f = 2^−k·x + (2^−k − 1)`, which is x itself near 0, and elsewhere rounds once.
 */
export const log1p: Elementary = (target, x) => {
  const { add, bits, float, fromBits, integer, less, mulAdd, select, selectInteger } = target;
  const { shiftLeft, sub, subInteger, toFloat } = target;
  const sum = bits(add(float(1), x));
  const k = exponentOf(target, sum);
  const large = less(integer(LARGE_EXPONENT), k);
  const scale = powerOfTwo(target, subInteger(integer(0), selectInteger(large, integer(0), k)));
  const small = mulAdd(scale, x, sub(scale, float(1)));
  const f = select(large, sub(fromBits(subInteger(sum, shiftLeft(k, FRACTION))), float(1)), small);
  const size = magnitude(target, x);
  const y = select(less(size, integer(TINY)), x, logarithm(target, toFloat(k), f));
  const negativeSize = selectInteger(less(bits(x), integer(0)), size, integer(0));
  const fromMinusOne = selectInteger(less(negativeSize, integer(MINUS_ONE)), integer(1), integer(0));
  const toZero = selectInteger(less(integer(MINUS_ONE), negativeSize), integer(1), fromMinusOne);
  return atTheBorders(target, x, toZero, less(integer(MINUS_ONE), negativeSize), y);
};

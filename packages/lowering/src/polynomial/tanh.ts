import { bitsOf, type Elementary, INFINITY_BITS, magnitude, notANumber, polynomial, withSign } from "./arithmetic.ts";
import { TANH_TAIL } from "./coefficients-rare.ts";
import { compose, exponential } from "./exp.ts";

const CENTRE = bitsOf(0.625);

/** From here on tanh x rounds to 1. */
const SATURATED = bitsOf(9.0109);

/** Below, tanh x rounds to x. */
const TINY = bitsOf(2 ** -13);

/**
 * Hyperbolic tangent. `x + x³·T(x²)` for |x| < 0.625, with T of degree 4, else `1 − 2 / (e^{2|x|} + 1)` with the sign of x.
 *
 * tanh(±0) = ±0, tanh(±∞) = ±1, and no intermediate value overflows.
 */
export const tanh: Elementary = (target, x) => {
  const { add, bits, div, float, fromBits, integer, less, mul, mulAdd, select, selectInteger, sub } = target;
  const size = magnitude(target, x);
  const a = fromBits(selectInteger(less(size, integer(SATURATED)), size, integer(SATURATED)));
  const square = mul(a, a);
  const centre = mulAdd(mul(square, a), polynomial(target, TANH_TAIL, square), a);
  const growth = compose(target, exponential(target, add(a, a)));
  const outside = sub(float(1), div(float(2), add(growth, float(1))));
  const y = withSign(target, x, select(less(size, integer(CENTRE)), centre, outside));
  const exact = select(less(size, integer(TINY)), x, y);
  return fromBits(selectInteger(less(integer(INFINITY_BITS), size), notANumber(target, x), bits(exact)));
};

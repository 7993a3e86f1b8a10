import { bitsOf, type Elementary, INFINITY_BITS, magnitude, notANumber, polynomial, withSign } from "./arithmetic.ts";
import { ERF_CENTRE, ERF_TAIL } from "./coefficients-rare.ts";
import { compose, exponential } from "./exp.ts";

const CENTRE = bitsOf(0.9375);

/** From here on erf x rounds to 1. */
const SATURATED = bitsOf(3.9375);

/**
 * Error function, `2/√π · ∫₀ˣ exp(−t²) dt`. `x + x·E(x²)` for |x| < 0.9375, with E of degree 6, else `1 − exp(G(|x|))` with the
 * sign of x, where G of degree 6 is fitted to `log(1 − erf)`: unlike exp(−x²) it needs no square in twice the precision.
 *
 * erf(±0) = ±0, erf(±∞) = ±1. Between neighbours the result may fall by a unit in the last place.
 */
export const erf: Elementary = (target, x) => {
  const { bits, float, fromBits, integer, less, mul, mulAdd, select, selectInteger, sub } = target;
  const size = magnitude(target, x);
  const a = fromBits(selectInteger(less(size, integer(SATURATED)), size, integer(SATURATED)));
  const centre = mulAdd(a, polynomial(target, ERF_CENTRE, mul(a, a)), a);
  const outside = sub(float(1), compose(target, exponential(target, polynomial(target, ERF_TAIL, a))));
  const y = withSign(target, x, select(less(size, integer(CENTRE)), centre, outside));
  return fromBits(selectInteger(less(integer(INFINITY_BITS), size), notANumber(target, x), bits(y)));
};

import { type Arithmetic, bitsOf, INFINITY_BITS, magnitude, polynomial, SIGN_BIT } from "./arithmetic.ts";
import { LN2_HIGH, LN2_LOW } from "./coefficients.ts";
import { ATANH_TAIL, THIRD_HIGH, THIRD_LOW } from "./coefficients-rare.ts";
import { type Double, head, normalise } from "./double.ts";
import { compose, exponential } from "./exp.ts";
import { splitExponent } from "./log.ts";

/**
 * log |a| to about 33 bits, `k·ln 2 + 2·atanh(s)` with `s = f / (2 + f)`, `atanh s = s + s³·(1/3 + s²·B(s²))`, B of degree 2.
 *
 * Of s the 12 leading bits are taken from the quotient, and the rest from what they leave of f, so that inexact division does
 * no harm. The leading parts of the cubic term are exact products as well.
 */
function preciseLog<F, I, P>(target: Arithmetic<F, I, P>, size: I): Double<F> {
  const { add, div, float, mul, mulAdd, sub, toFloat } = target;
  const twice = (x: F): F => add(x, x);
  const { exponent, f } = splitExponent(target, size);
  const k = toFloat(exponent);
  const divisor = add(f, float(2));
  const upper = head(target, divisor);
  const lower = sub(f, sub(upper, float(2))); // exact: what upper leaves of f + 2
  const s = head(target, div(f, divisor));
  const rest = div(sub(sub(f, mul(s, upper)), mul(s, lower)), divisor);

  const square = mul(s, s);
  const squareRest = mul(rest, add(twice(s), rest));
  const squareHead = head(target, square);
  const z = add(square, squareRest);
  const factor = mulAdd(z, polynomial(target, ATANH_TAIL, z), float(THIRD_LOW)); // on top of THIRD_HIGH
  const ratio = mul(squareHead, float(THIRD_HIGH)); // of the cubic term to s
  const squareTail = add(sub(square, squareHead), squareRest);
  const ratioRest = mulAdd(squareHead, factor, mul(squareTail, add(float(THIRD_HIGH), factor)));
  const ratioHead = head(target, ratio);
  const ratioTail = add(sub(ratio, ratioHead), ratioRest);
  const cubicRest = mulAdd(s, ratioTail, mul(rest, add(ratio, ratioRest)));

  const linear = normalise(target, mul(k, float(LN2_HIGH)), twice(s));
  const whole = normalise(target, linear.high, twice(mul(s, ratioHead)));
  const small = mulAdd(k, float(LN2_LOW), twice(add(cubicRest, rest)));
  return normalise(target, whole.high, add(add(whole.low, linear.low), small));
}

const ONE = bitsOf(1);
/** e to the first is beyond float32, e to minus the second below it; what lies between overflows or vanishes in its last product. */
const OVERFLOW = bitsOf(88.73);
const UNDERFLOW = bitsOf(105);

/** From here on every finite float32 is an even number, and every power of another number than ±1 overflows or vanishes. */
const HUGE = bitsOf(2 ** 32);
const EVEN = bitsOf(2 ** 24);

/**
 * `a^b = e^(b · log |a|)` with the logarithm and the product in two parts, negative where a is and b is odd, NaN where a is
 * negative and b not integral. As IEEE 754 has it, `a^0 = 1` and `1^b = 1` even for NaN, and `(−1)^±∞ = 1`.
 *
 * Powers of integers with positive integral exponents are exact as long as they fit 24 bits.
 */
export function pow<F, I, P>(target: Arithmetic<F, I, P>, a: F, b: F): F {
  const { add, and, bits, float, fromBits, integer, less, mul, mulAdd, or, select, selectInteger } = target;
  const { shiftLeft, sub, subInteger, shiftRightUnsigned, toFloat, toInteger, xor } = target;
  const [size, exponentSize] = [magnitude(target, a), magnitude(target, b)];
  const is = (p: P): I => selectInteger(p, integer(1), integer(0));
  const equal = (x: I, y: I): I => {
    const difference = xor(x, y);
    return xor(shiftRightUnsigned(or(difference, subInteger(integer(0), difference)), 31), integer(1));
  };
  const choose = (flag: I, yes: I, no: I): I => selectInteger(less(integer(0), flag), yes, no);

  const ordinary = and(is(less(integer(0), size)), is(less(size, integer(INFINITY_BITS))));
  const log = preciseLog(target, choose(ordinary, size, integer(ONE)));
  const clamped = select(
    less(exponentSize, integer(HUGE)),
    b,
    fromBits(or(and(bits(b), integer(SIGN_BIT)), integer(HUGE))),
  );
  const [b1, l1] = [head(target, clamped), head(target, log.high)];
  const [b2, l2] = [sub(clamped, b1), add(sub(log.high, l1), log.low)];
  const y = normalise(target, mul(b1, l1), mulAdd(clamped, l2, mul(b2, l1)));
  const ySize = magnitude(target, y.high);
  const moderate = less(ySize, integer(UNDERFLOW));
  const value = compose(
    target,
    exponential(target, select(moderate, y.high, float(0)), select(moderate, y.low, float(0))),
  );

  const inverse = xor(is(less(size, integer(ONE))), shiftRightUnsigned(bits(b), 31));
  const saturated = choose(inverse, integer(0), integer(INFINITY_BITS));
  const limit = choose(inverse, integer(UNDERFLOW), integer(OVERFLOW));
  const tame = and(ordinary, and(is(less(ySize, limit)), is(less(exponentSize, integer(INFINITY_BITS)))));
  const result = choose(tame, bits(value), saturated);

  const whole = toInteger(select(less(exponentSize, integer(EVEN)), b, float(0)));
  const integral = or(equal(bits(toFloat(whole)), bits(b)), is(less(integer(EVEN - 1), exponentSize)));
  const negative = shiftRightUnsigned(bits(a), 31);
  const sign = shiftLeft(and(negative, and(integral, whole)), 31);
  const undefinedRoot = and(and(negative, ordinary), xor(integral, integer(1)));
  const unordered = or(is(less(integer(INFINITY_BITS), size)), is(less(integer(INFINITY_BITS), exponentSize)));
  const nan = or(or(bits(a), bits(b)), integer(0x7fc00000));
  const defined = choose(or(undefinedRoot, unordered), nan, xor(result, sign));
  const endless = and(equal(size, integer(ONE)), equal(exponentSize, integer(INFINITY_BITS)));
  const one = or(or(equal(exponentSize, integer(0)), equal(bits(a), integer(ONE))), endless);
  return fromBits(choose(one, integer(ONE), defined));
}

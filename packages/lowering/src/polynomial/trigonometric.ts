import {
  type Arithmetic,
  BIAS,
  bitsOf,
  type Elementary,
  FRACTION,
  INFINITY_BITS,
  magnitude,
  notANumber,
  polynomial,
  powerOfTwo,
  SIGN_BIT,
  withSign,
} from "./arithmetic.ts";
import {
  COS_TAIL,
  HALF_PI,
  HALF_PI_PARTS,
  HALF_PI_REST,
  SIN_TAIL,
  TWO_OVER_PI,
  TWO_OVER_PI_WINDOWS,
} from "./coefficients-rare.ts";
import { type Double, head, normalise } from "./double.ts";

/** `|x| = quadrant · π/2 + high + low` up to multiples of 2π, with |high| ≤ π/4. */
interface Reduced<F, I> extends Double<F> {
  readonly quadrant: I;
}

/** Up to here the quotient by π/2 has 13 bits. */
const MODERATE = bitsOf(12_800);

/**
 * Reduction of 0 ≤ x ≤ 12,800 (Cody & Waite 1980, Software manual for the elementary functions, chapter 8).
 *
 * `k = round(x · 2/π)` has 13 bits and the first three parts of π/2 have 11 each, so their products are exact, and so are the
 * first two subtractions. What the third rounds away is kept (Dekker 1971), and the fourth part brings π/2 to 57 bits.
 */
function reduceModerate<F, I, P>(target: Arithmetic<F, I, P>, x: F): Reduced<F, I> {
  const { float, mul, mulAdd, nearest, sub, toInteger } = target;
  const [first, second, third, fourth] = HALF_PI_PARTS.map(float) as [F, F, F, F];
  const negative = sub(float(0), nearest(mul(x, float(TWO_OVER_PI))));
  const coarse = mulAdd(negative, second, mulAdd(negative, first, x));
  const step = mul(negative, third);
  const fine = target.add(coarse, step);
  const rest = mulAdd(negative, fourth, target.add(sub(coarse, fine), step));
  return { quadrant: toInteger(sub(float(0), negative)), ...normalise(target, fine, rest) };
}

/** Exponents of the last bit of x at which the windows on 2/π start, and their distance. */
const FIRST_WINDOW = -10;
const WINDOW = 29;

/**
 * Reduction of any finite x ≥ 8,192 (Payne & Hanek 1983, Radian reduction for trigonometric functions, SIGNUM 18).
 *
 * `x = M · 2^e` with a 24-bit integer M. Of 2/π · 2^e only what lies below the bit of weight 4 matters. Four windows of 128
 * bits cover all exponents; the chosen one is shifted by 0 to 28 bits by multiplying, since targets have no shift by a count
 * per lane, and three words of it times M give two bits of quadrant and 62 of fraction.
 */
function reduceLarge<F, I, P>(target: Arithmetic<F, I, P>, x: F): Reduced<F, I> {
  const { add, addInteger, and, bits, float, fromBits, integer, less, mul, mulAdd, mulHigh, mulInteger, or } = target;
  const { selectInteger, shiftLeft, shiftRight, shiftRightUnsigned, sub, subInteger, toFloat, toInteger, xor } = target;
  const pattern = bits(x);
  const mantissa = or(and(pattern, integer(0x007fffff)), integer(0x00800000));
  const exponent = subInteger(shiftRight(pattern, FRACTION), integer(BIAS + FRACTION + FIRST_WINDOW));
  const perWindow = (values: readonly number[]): I =>
    values
      .map((value) => integer(value | 0))
      .reduce((chosen, value, i) => selectInteger(less(exponent, integer(WINDOW * i)), chosen, value));
  const factor = toInteger(
    powerOfTwo(target, subInteger(exponent, perWindow(TWO_OVER_PI_WINDOWS.map((_, i) => WINDOW * i)))),
  );
  const word = (i: number): I => perWindow(TWO_OVER_PI_WINDOWS.map((words) => words[i]!));
  const shifted = (i: number): I => addInteger(mulInteger(word(i), factor), mulHigh(word(i + 1), factor));
  const [upper, middle, lower] = [shifted(0), shifted(1), shifted(2)];

  const partial = mulInteger(mantissa, middle);
  const second = addInteger(partial, mulHigh(mantissa, lower));
  const unsigned = (a: I): I => xor(a, integer(SIGN_BIT)); // for a signed comparison
  const carry = selectInteger(less(unsigned(second), unsigned(partial)), integer(1), integer(0));
  const first = addInteger(addInteger(mulInteger(mantissa, upper), mulHigh(mantissa, middle)), carry);

  const quadrant = shiftRightUnsigned(addInteger(first, integer(1 << 29)), 30);
  const signed = subInteger(first, shiftLeft(quadrant, 30));
  const sign = shiftRight(signed, 31);
  const [fraction, further] = [xor(signed, sign), xor(second, sign)]; // one unit of 2⁻⁶² off when negative
  const whole = toFloat(fraction);
  const left = toFloat(subInteger(fraction, toInteger(whole)));
  const rest = mulAdd(toFloat(shiftRightUnsigned(further, 1)), float(2 ** -61), mul(left, float(2 ** -30)));
  const quarters = normalise(target, mul(whole, float(2 ** -30)), rest);
  // The 12 leading bits have an exact product with the 11 of π/2's first part.
  const leading = head(target, quarters.high);
  const tail = add(sub(quarters.high, leading), quarters.low);
  const product = mul(leading, float(HALF_PI_PARTS[0]!));
  const { high, low } = normalise(target, product, mulAdd(leading, float(HALF_PI_REST), mul(tail, float(HALF_PI))));
  const withItsSign = (a: F): F => fromBits(xor(bits(a), and(sign, integer(SIGN_BIT))));
  return { quadrant, high: withItsSign(high), low: withItsSign(low) };
}

/**
 * Sine of `quadrant · π/2 + high + low`: `sin r = r + r³·S(r²)` in even quadrants, `cos r = 1 − r²/2 + r⁴·C(r²)` in odd ones,
 * negative in the upper half. `low` enters by the first derivative.
 */
function sinOfReduced<F, I, P>(target: Arithmetic<F, I, P>, { quadrant, high, low }: Reduced<F, I>): F {
  const { add, and, bits, float, fromBits, integer, less, mul, mulAdd, select, shiftLeft, sub, xor } = target;
  const square = mul(high, high);
  const flat = mulAdd(square, float(-0.5), float(1));
  const lost = mulAdd(square, float(-0.5), sub(float(1), flat));
  const fourth = mul(mul(square, square), polynomial(target, COS_TAIL, square));
  const cosine = add(flat, add(lost, sub(fourth, mul(high, low))));
  const cubic = mul(mul(square, high), polynomial(target, SIN_TAIL, square));
  const sine = add(high, mulAdd(low, flat, cubic));
  const y = select(less(integer(0), and(quadrant, integer(1))), cosine, sine);
  return fromBits(xor(bits(y), shiftLeft(and(quadrant, integer(2)), 30)));
}

/** Sine of |x| + `turns` quarter turns; NaN unless x is finite. Large arguments are rare, and a target may branch on them. */
function sinOfMagnitude<F, I, P>(target: Arithmetic<F, I, P>, x: F, turns: number): F {
  const { addInteger, fromBits, integer, less, rarely, select, selectInteger } = target;
  const size = magnitude(target, x);
  const large = less(integer(MODERATE), size);
  const turned = (reduced: Reduced<F, I>): F =>
    sinOfReduced(target, { ...reduced, quadrant: addInteger(reduced.quadrant, integer(turns)) });
  const moderate = reduceModerate(target, select(large, target.float(0), fromBits(size)));
  const y = rarely(large, () => turned(reduceLarge(target, fromBits(size))), turned(moderate));
  return fromBits(selectInteger(less(size, integer(INFINITY_BITS)), target.bits(y), notANumber(target, x)));
}

/** Below, sin x rounds to x. */
const TINY = bitsOf(2 ** -12);

/** Sine, of any argument. sin(±0) = ±0, and NaN at infinities. */
export const sin: Elementary = (target, x) => {
  const { integer, less, select } = target;
  const y = withSign(target, x, sinOfMagnitude(target, x, 0));
  return select(less(magnitude(target, x), integer(TINY)), x, y);
};

/** Cosine, of any argument: the sine a quarter turn on. NaN at infinities. */
export const cos: Elementary = (target, x) => sinOfMagnitude(target, x, 1);

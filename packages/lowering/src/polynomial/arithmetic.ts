/**
 * The operations in which the elementary functions are written: float32 values F, 32-bit integers I, choices P.
 *
 * A target gives one word for each, and gets exp, log, sin and the others in its own language; in the tests
 * numbers of JavaScript are one more target. What is asked of a target:
 *
 * - `add`, `sub`, `mul` and `div` round to nearest; `mulAdd` rounds once or twice, as the target likes, and products that are
 *   added may be contracted anywhere. Every bound holds either way.
 * - Floats are compared through their bits, so that nothing depends on NaN, infinities or the sign of zero in comparisons,
 *   which WGSL may assume away. Infinite and NaN results are integers chosen by `selectInteger`, last of all.
 * - `toInteger` meets only finite values below 2³¹ in lanes that count; of the others any result will do, but it must not trap.
 * - Subnormal inputs and results are honest. Where a target flushes them, inputs below 2⁻¹²⁶ count as 0 and such results are 0.
 */
export interface Arithmetic<F, I, P> {
  /** A finite constant, rounded to float32. */
  readonly float: (value: number) => F;
  readonly add: (a: F, b: F) => F;
  readonly sub: (a: F, b: F) => F;
  readonly mul: (a: F, b: F) => F;
  readonly div: (a: F, b: F) => F;
  /** `a · b + c`. */
  readonly mulAdd: (a: F, b: F, c: F) => F;
  /** The nearest integral value, ties to even. */
  readonly nearest: (a: F) => F;

  /** The same bits. */
  readonly bits: (a: F) => I;
  readonly fromBits: (a: I) => F;
  /** The value, truncated. */
  readonly toInteger: (a: F) => I;
  /** The value of a signed integer, rounded. */
  readonly toFloat: (a: I) => F;

  /** A constant from −2³¹ to 2³¹ − 1. */
  readonly integer: (value: number) => I;
  /** Integers wrap. */
  readonly addInteger: (a: I, b: I) => I;
  readonly subInteger: (a: I, b: I) => I;
  readonly mulInteger: (a: I, b: I) => I;
  /** The upper 32 bits of the product of two unsigned integers. */
  readonly mulHigh: (a: I, b: I) => I;
  readonly and: (a: I, b: I) => I;
  readonly or: (a: I, b: I) => I;
  readonly xor: (a: I, b: I) => I;
  readonly shiftLeft: (a: I, count: number) => I;
  /** Arithmetic: copies of the sign come in. */
  readonly shiftRight: (a: I, count: number) => I;
  /** Logical: zeros come in. */
  readonly shiftRightUnsigned: (a: I, count: number) => I;

  /** Signed `a < b`. */
  readonly less: (a: I, b: I) => P;
  readonly select: (p: P, yes: F, no: F) => F;
  readonly selectInteger: (p: P, yes: I, no: I) => I;
  /** `select(p, rare(), common)`, where a target that can tell may skip the code of `rare` when no lane wants it. */
  readonly rarely: (p: P, rare: () => F, common: F) => F;
}

/** A function of one float32, in any target's language. */
export type Elementary = <F, I, P>(target: Arithmetic<F, I, P>, x: F) => F;

/** `Σ cᵢ xⁱ` by Horner's rule. */
export function polynomial<F, I, P>({ float, mulAdd }: Arithmetic<F, I, P>, coefficients: readonly number[], x: F): F {
  return coefficients
    .slice(0, -1)
    .reduceRight<F>((sum, c) => mulAdd(sum, x, float(c)), float(coefficients[coefficients.length - 1]!));
}

/** The bits of float32 numbers that many functions compare with. */
export const INFINITY_BITS = 0x7f800000;
export const MAGNITUDE_BITS = 0x7fffffff;
export const SIGN_BIT = -0x80000000;

/** The bits of `value` as float32. */
export const bitsOf = (value: number): number => new Int32Array(new Float32Array([value]).buffer)[0]!;

/** Exponent bias and length of the fraction. */
export const BIAS = 127;
export const FRACTION = 23;

/** `2^k` for −126 ≤ k ≤ 127. */
export function powerOfTwo<F, I, P>({ integer, addInteger, shiftLeft, fromBits }: Arithmetic<F, I, P>, k: I): F {
  return fromBits(shiftLeft(addInteger(k, integer(BIAS)), FRACTION));
}

/** |x| as an integer that orders as |x| does; NaN comes after Infinity. */
export function magnitude<F, I, P>({ and, bits, integer }: Arithmetic<F, I, P>, x: F): I {
  return and(bits(x), integer(MAGNITUDE_BITS));
}

/** `y` with the sign of `x` on top of its own. */
export function withSign<F, I, P>({ and, bits, fromBits, integer, xor }: Arithmetic<F, I, P>, x: F, y: F): F {
  return fromBits(xor(bits(y), and(bits(x), integer(SIGN_BIT))));
}

/** A NaN made from x at run time; constants of WGSL cannot be one. */
export function notANumber<F, I, P>({ bits, integer, or }: Arithmetic<F, I, P>, x: F): I {
  return or(bits(x), integer(0x7fc00000));
}

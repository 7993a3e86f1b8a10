import type { GradientTolerance } from "@tenon/autograd";
import { type DType, isFloat, type NumericClass } from "@tenon/ir";

/** What a backend promises: `ieee` keeps NaN, infinities and subnormals, `portable` is what every GPU keeps. */
export type Level = "portable" | "ieee";

/** Allowed error of one element: the largest of the three. */
export interface Tolerance {
  /** In units in the last place of the result's dtype. */
  readonly ulps: number;
  /** Relative to the exact value. */
  readonly relative: number;
  /** Relative to the largest exact value of the result, but at least absolute. */
  readonly absolute: number;
}

const of = (ulps: number, relative = 0, absolute = 0): Tolerance => ({ ulps, relative, absolute });

/** By numeric class and level, against the float64 value rounded to the dtype. The only place that states such numbers. */
export const tolerances: Readonly<Record<NumericClass, Readonly<Record<Level, Tolerance>>>> = {
  exact: { ieee: of(0), portable: of(0) },
  rounded: { ieee: of(0), portable: of(1) }, // a portable target may contract a·b + c
  division: { ieee: of(0), portable: of(2.5) }, // WGSL §accuracy
  transcendental: { ieee: of(4), portable: of(32, 0, 2e-6) }, // WGSL grants exp 3 + 2|x| ulps; sin, cos are absolute
  accumulate: { ieee: of(0, 1e-5, 1e-6), portable: of(0, 1e-4, 1e-5) },
};

/** Gradients may be off by so many times what the op itself may be. */
export const GRADIENT_FACTOR = 4;

/** A composite against its own decomposition, both in the float64 reference: constants in it have the result's dtype. */
export const decompositionTolerance: Tolerance = of(1, 1e-6, 1e-6);

/** Many examples at once against one by one, both in the float64 reference: sums may be taken in another order. */
export const batchTolerance: Tolerance = of(0, 1e-12, 1e-12);

/** Derivatives against central differences in float64, and reverse mode against forward mode. */
export const gradientTolerance: GradientTolerance = {
  step: 1e-6,
  relative: 1e-5,
  absolute: 1e-7,
  transpose: 1e-10,
  cancellation: 1e-15,
  fullJacobian: 64,
  directions: 8,
};

/** Reverse mode against forward mode where 16-bit floats are converted on the way, or factors rounded: a few units of bfloat16. */
export const TRANSPOSE_16_BIT = 2 ** -6;

/**
 * Attention by a kernel that never has all scores, against its decomposition in float64: the shares that are rounded as factors are not
 * the same numbers, each half a unit of the format off at most, and what is added up is in the worst case a unit of the largest result.
 */
export const roundedShares = { bfloat16: of(0, 0, 2 ** -7), tf32: of(0, 0, 2 ** -10) } as const;

/** Bits of the fraction, so that one unit in the last place at 1 is `2^-bits`. */
const fractionBits: Partial<Readonly<Record<DType, number>>> = { float16: 10, bfloat16: 7, float32: 23, float64: 52 };
const smallestExponent: Partial<Readonly<Record<DType, number>>> = {
  float16: -14,
  bfloat16: -126,
  float32: -126,
  float64: -1022,
};

/** One unit in the last place of `dtype` at `x`; 0 for integers. */
export function ulp(dtype: DType, x: number): number {
  const bits = fractionBits[dtype];
  if (bits === undefined || !Number.isFinite(x)) return 0;
  const exponent = x === 0 ? -Infinity : Math.floor(Math.log2(Math.abs(x)));
  return 2 ** (Math.max(exponent, smallestExponent[dtype]!) - bits);
}

/** How far an element of `dtype` may be from its exact value, among those of one result. Integers are exact, 16-bit floats may always be off by one unit. */
export function allowance(dtype: DType, expected: ArrayLike<number>, tolerance: Tolerance): (exact: number) => number {
  if (!isFloat(dtype)) return () => 0;
  let largest = 1;
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]!));
  const ulps = dtype === "float16" || dtype === "bfloat16" ? Math.max(1, tolerance.ulps) : tolerance.ulps;
  return (e) => Math.max(ulps * ulp(dtype, e), tolerance.relative * Math.abs(e), tolerance.absolute * largest);
}

/** The places where `actual` is farther from `expected` than allowed. */
export function differences(
  dtype: DType,
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  tolerance: Tolerance,
  factor = 1,
): number[] {
  const allow = allowance(dtype, expected, tolerance);
  const found: number[] = [];
  for (let i = 0; i < expected.length; i++) {
    const [e, a] = [expected[i]!, actual[i]!];
    if (e === a || (Number.isNaN(e) && Number.isNaN(a))) continue;
    if (!(Math.abs(a - e) <= factor * allow(e))) found.push(i);
  }
  return found;
}

/** The losses that a training run may show, step by step. */
export interface Band {
  readonly reference: readonly number[];
  readonly width: readonly number[];
}

/** So many times the spread of the perturbed runs is allowed. */
const SPREADS = 10;
const RELATIVE = 1e-5;

/**
 * The band around a reference run on the interpreter: at every step, 10 × the spread of five interpreter runs whose
 * parameters start one float32 unit in the last place apart, plus 1e-5 of the loss.
 */
export function lossBand(runs: readonly (readonly number[])[]): Band {
  const [reference] = runs;
  return {
    reference: reference!,
    width: reference!.map((loss, step) => {
      const losses = runs.map((run) => run[step]!);
      return SPREADS * (Math.max(...losses) - Math.min(...losses)) + RELATIVE * Math.abs(loss);
    }),
  };
}

/** The first step at which `losses` leave the band, or undefined. A run of another length leaves it where one of them ends. */
export function firstOutside({ reference, width }: Band, losses: readonly number[]): number | undefined {
  const length = Math.max(reference.length, losses.length);
  for (let step = 0; step < length; step++) {
    if (!(Math.abs(losses[step]! - reference[step]!) <= width[step]!)) return step;
  }
  return undefined;
}

/** The shared polynomials of `@tenon/lowering` in float32, against the exact value, whether multiply-adds are fused or not. */
export const polynomialUlps = { exp: 1, expm1: 2, log: 1, log1p: 2, tanh: 2, erf: 2, sin: 1, cos: 1, pow: 1 } as const;

/** Against PyTorch's numbers: the largest difference over the largest number, of results and of gradients. */
export const parity = { forward: 1e-5, gradient: 1e-4 } as const;

/** A trace of updates against its float64 formula, over 100 steps: the largest difference over the largest number. */
export const TRACE_RELATIVE = 1e-6;

/** The largest difference over the largest exact number, or over `least` where all are smaller; infinite where only one is finite. */
export function relativeDistance(expected: ArrayLike<number>, actual: ArrayLike<number>, least = 0): number {
  if (expected.length !== actual.length) return Infinity;
  let [difference, largest] = [0, least];
  for (let i = 0; i < expected.length; i++) {
    const [e, a] = [expected[i]!, actual[i]!];
    if (!Object.is(e, a)) difference = Math.max(difference, Number.isNaN(a - e) ? Infinity : Math.abs(a - e));
    largest = Math.max(largest, Math.abs(e));
  }
  return difference === 0 ? 0 : difference / largest;
}

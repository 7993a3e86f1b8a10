import { ulp } from "@tenon/conformance";
import { lookupOp } from "@tenon/ir";
import { bitsOf } from "./arithmetic.ts";
import type { ElementaryName } from "./elementary.ts";
import { fromBits } from "./targets.test-kit.ts";

/** The meaning of the op, in float64: float32 sees no error of it. */
export const referenceOf = (name: ElementaryName): ((x: number) => number) => lookupOp(name)!.evaluate!;

/** What was measured: the largest error in units in the last place and where, and results that must be exact but are not. */
export interface Measured {
  readonly ulps: number;
  readonly at: number;
  readonly wrong: readonly number[];
}

/** Zeros, infinities and NaN must be exactly what they are; other results are measured against the exact value. */
export function measure(
  f: (x: number) => number,
  reference: (x: number) => number,
  samples: Iterable<number>,
): Measured {
  let [ulps, at] = [0, 0];
  const wrong: number[] = [];
  for (const x of samples) {
    const [actual, exact] = [f(x), reference(x)];
    const rounded = Math.fround(exact);
    if (exact === 0 || !Number.isFinite(rounded)) {
      if (!Object.is(actual, rounded)) wrong.push(x);
      continue;
    }
    const error = Math.abs(actual - exact) / ulp("float32", exact);
    if (error <= ulps) continue;
    [ulps, at] = [error, x];
  }
  return { ulps, at, wrong };
}

/** Where something changes: other formulas, results that saturate, overflow, vanish or are subnormal, zeros of the functions. */
const borders = [
  ...[
    0,
    2 ** -126,
    2 ** -25,
    2 ** -13,
    2 ** -12,
    0.25,
    0.5,
    0.625,
    Math.SQRT1_2,
    0.9375,
    1,
    Math.SQRT2,
    2,
    3.9375,
    9.0109,
  ],
  ...[
    17.328,
    17.5,
    87.3365,
    88.0296,
    88.7228394,
    103.278,
    103.972084,
    177,
    2 ** 23,
    2 ** 24,
    2 ** 30,
    2 ** 31,
    2 ** 127,
  ],
  ...[8192, 12_800, 12_866, 16_367_173 * 2 ** 72, Infinity], // the last but one is nearest to a multiple of π/2 (Muller 2016)
];
const halfLn2 = Array.from({ length: 305 }, (_, k) => (k * Math.LN2) / 2);
const halfPi = Array.from({ length: 8300 }, (_, k) => (k * Math.PI) / 2);
const isPeriodic = (name: ElementaryName): boolean => name === "sin" || name === "cos";

/** The `radius` patterns on either side of each place where the function may go wrong, with both signs. */
export function* hardPoints(name: ElementaryName, radius: number): Generator<number> {
  for (const place of [...borders, ...(isPeriodic(name) ? halfPi : halfLn2)]) {
    for (let pattern = bitsOf(place) - radius; pattern <= bitsOf(place) + radius; pattern++) {
      yield fromBits(pattern & 0x7fffffff);
      yield fromBits(pattern | -0x80000000);
    }
  }
}

/** Every float16 and every bfloat16. */
export function* halfPrecision(): Generator<number> {
  yield* everyPattern(2 ** 16);
  for (let pattern = 0; pattern < 2 ** 15; pattern++) {
    const [exponent, fraction] = [pattern >> 10, pattern & 1023];
    const x =
      exponent === 31
        ? fraction > 0
          ? NaN
          : Infinity
        : 2 ** Math.max(exponent - 15, -14) * (fraction / 1024 + (exponent > 0 ? 1 : 0));
    yield x;
    yield -x;
  }
}

/** Every float32 whose pattern is a multiple of `step`. */
export function* everyPattern(step: number, from = 0, to = 2 ** 32): Generator<number> {
  for (let pattern = from; pattern < to; pattern += step) yield fromBits(pattern | 0);
}

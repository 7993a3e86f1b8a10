import { polynomialUlps, ulp } from "@tenon/conformance";
import { lookupOp } from "@tenon/ir";
import { describe, expect, test } from "vitest";
import { pow } from "./pow.ts";
import { contracting, flushing, fromBits, fused, numbers } from "./targets.test-kit.ts";

const power = lookupOp("pow")!.evaluate!;
const evaluators: Record<string, (a: number, b: number) => number> = {
  "rounding every operation": (a, b) => pow(numbers, a, b),
  "with fused multiply-add": (a, b) => pow(fused, a, b),
  "with contracted products": (a, b) => pow(contracting, { value: a }, { value: b }).value,
  "flushing subnormal values": (a, b) => pow(flushing, a, b),
};

const magnitudes = [
  ...[0, 1, 2, 3, 0.5, 1.5, 1e10, 1e38, 3.4e38, Infinity, 1 - 2 ** -24, 1 + 2 ** -23],
  ...[2 ** -126, 2 ** -149, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 2, 2 ** 25, 2 ** 32, 105, 150],
];
const special = [...magnitudes, ...magnitudes.map((x) => -x), NaN].map(Math.fround);

/** Errors in units in the last place; Infinity where a zero, an infinity or a NaN is another one. */
function errorOf(actual: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (exact === 0 || !Number.isFinite(rounded)) return Object.is(actual, rounded) ? 0 : Infinity;
  return Math.abs(actual - exact) / ulp("float32", exact);
}

/** Bases of all sizes and near 1, with exponents for which the power neither overflows nor vanishes far outside float32. */
function* pairs(count: number): Generator<[number, number]> {
  let state = 1;
  const next = () => ((state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 0) / 2 ** 32;
  for (let i = 0; i < count; i++) {
    const base = i % 3 === 0 ? fromBits(Math.floor(next() * 0x7f800000)) : Math.fround(0.5 + next() * (i % 3));
    yield [base, Math.fround((next() * 210 - 110) / (Math.log(base) || 1))];
  }
}

describe.each(Object.entries(evaluators))("%s", (target, evaluate) => {
  const flushes = target.startsWith("flushing");
  const subnormal = (...values: number[]) => values.some((x) => x !== 0 && Math.abs(x) < 2 ** -125);

  test("pow of every two special values is the zero, infinity or NaN of the op, or within its bound", () => {
    const wrong = special.flatMap((a) =>
      special
        .filter((b) => !(flushes && subnormal(a, b, power(a, b))))
        .filter((b) => !(errorOf(evaluate(a, b), power(a, b)) <= polynomialUlps.pow))
        .map((b) => `${a} ** ${b}`),
    );
    expect(wrong).toEqual([]);
  });

  test("pow is within its bound at 100,000 pairs over all powers that float32 holds", () => {
    let largest = 0;
    for (const [a, b] of pairs(100_000)) {
      const exact = power(a, b);
      if (!(flushes && subnormal(a, b, exact))) largest = Math.max(largest, errorOf(evaluate(a, b), exact));
    }
    expect(largest).toBeLessThanOrEqual(polynomialUlps.pow);
  });

  test("powers of integers are exact as long as they fit 24 bits", () => {
    const inexact: string[] = [];
    for (let a = 1; a <= 4096; a++) {
      for (let b = 0; b <= 24 && a ** b <= 2 ** 24; b++)
        if (evaluate(-a, b) !== (-a) ** b) inexact.push(`${-a} ** ${b}`);
    }
    expect(inexact).toEqual([]);
  });
});

import { polynomialUlps } from "@tenon/conformance";
import { describe, expect, test } from "vitest";
import { elementaryOps } from "../kernel/kernel.ts";
import { loadParts } from "../parts.ts";
import type { Elementary } from "./arithmetic.ts";
import { elementary } from "./elementary.ts";
import { everyPattern, halfPrecision, hardPoints, measure, referenceOf } from "./measure.test-kit.ts";
import { evaluators, flushing } from "./targets.test-kit.ts";

await loadParts();
const functions = elementaryOps.map((name): [typeof name, Elementary] => [name, elementary(name)]);
const SMALLEST_NORMAL = 2 ** -126;

describe.each(functions)("%s", (name, f) => {
  describe.each(Object.entries(evaluators))("%s", (_, evaluator) => {
    const evaluate = evaluator(f);
    const within = (samples: Iterable<number>): void => {
      const { ulps, wrong } = measure(evaluate, referenceOf(name), samples);
      expect(wrong).toEqual([]);
      expect(ulps).toBeLessThanOrEqual(polynomialUlps[name]);
    };

    test("is within its bound at 261,713 patterns of float32", () => within(everyPattern(16_411)));
    test("is within its bound at every float16 and bfloat16", () => within(halfPrecision()));
    test("is within its bound around multiples of ln 2 / 2 and π / 2, and where formulas change", () =>
      within(hardPoints(name, 5)));
  });

  test("keeps its bound for normal values on a target that flushes subnormal ones", () => {
    const reference = referenceOf(name);
    const normal = function* () {
      for (const x of [...halfPrecision(), ...hardPoints(name, 1)]) {
        const big = (value: number) => Math.abs(value) >= 2 * SMALLEST_NORMAL;
        if ((x === 0 || big(x)) && (reference(x) === 0 || big(reference(x)))) yield x;
      }
    };
    const { ulps, wrong } = measure((x) => f(flushing, x), reference, normal());
    expect(wrong).toEqual([]);
    expect(ulps).toBeLessThanOrEqual(polynomialUlps[name]);
  });
});

test.each(["exp", "expm1", "log", "log1p", "tanh"] as const)("%s never decreases", (name) => {
  for (const evaluator of Object.values(evaluators)) {
    const evaluate = evaluator(elementary(name));
    const samples = Float32Array.from([...halfPrecision(), ...hardPoints(name, 4)]).filter(
      (x) => !Number.isNaN(evaluate(x)),
    );
    const results = samples.sort().map(evaluate);
    const falls = [...results].filter((y, i) => i > 0 && y < results[i - 1]!);
    expect(falls).toEqual([]);
  }
});

test.each(["expm1", "tanh", "erf", "sin", "log1p"] as const)("%s keeps the sign of zero", (name) => {
  for (const evaluator of Object.values(evaluators)) {
    const evaluate = evaluator(elementary(name));
    expect([evaluate(0), evaluate(-0)]).toEqual([0, -0]);
  }
});

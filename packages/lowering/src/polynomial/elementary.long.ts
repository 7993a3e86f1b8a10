import { polynomialUlps } from "@tenon/conformance";
import { describe, expect, test } from "vitest";
import { elementaryOps } from "../kernel/kernel.ts";
import { loadParts } from "../parts.ts";
import { elementary } from "./elementary.ts";
import { everyPattern, measure, referenceOf } from "./measure.test-kit.ts";
import { evaluators } from "./targets.test-kit.ts";

/** `TENON_POLYNOMIAL=log` runs one function. `TENON_POLYNOMIAL_STEP=1` takes every float32, which needs hours; 257 is a prime. */
const step = Number(process.env.TENON_POLYNOMIAL_STEP ?? 257);
const chosen = process.env.TENON_POLYNOMIAL as (typeof elementaryOps)[number] | undefined;
const names = chosen === undefined ? elementaryOps : [chosen];
await loadParts();
const CHUNKS = 16;

describe.each(names)("%s is within its bound at float32 values all over the range", (name) => {
  describe.each(["rounding every operation", "with fused multiply-add"] as const)("%s", (target) => {
    test.each(Array.from({ length: CHUNKS }, (_, i) => i))(
      `part %i of ${CHUNKS}`,
      (part) => {
        const size = 2 ** 32 / CHUNKS;
        const samples = everyPattern(step, part * size, (part + 1) * size);
        const { ulps, wrong } = measure(evaluators[target](elementary(name)), referenceOf(name), samples);
        expect(wrong).toEqual([]);
        expect(ulps).toBeLessThanOrEqual(polynomialUlps[name]);
      },
      1_800_000,
    );
  });
});

import { interpreter } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { roundingEverywhere } from "./broken-backends.test-kit.ts";
import { conformance } from "./conformance.ts";
import { lossesOf } from "./training.ts";
import { initialParameters, trainingPrograms } from "./training-programs.ts";

const LONG = 180_000; // a guard against hanging, on a machine that does other things too
const SEED = 1;

test("a backend that rounds every value stays in the band for 200 steps", { timeout: LONG }, async () => {
  const report = await conformance(roundingEverywhere(), { profile: "full", only: ["training"] });
  expect(report.failures).toEqual([]);
  expect(report.counts.pass).toBe(trainingPrograms.length);
});

test.each(trainingPrograms)("200 steps lower the loss of $name by a quarter", { timeout: LONG }, async (program) => {
  const losses = await lossesOf(await interpreter().create(), program, initialParameters(program, SEED), {
    steps: 200,
    seed: SEED,
  });
  expect(losses.at(-1)).toBeLessThan(0.75 * losses[0]!);
});

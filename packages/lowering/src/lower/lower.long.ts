import { graphOf, retyped, sampleTitle } from "@tenon/conformance";
import { allSamples, materialize } from "@tenon/ir/samples";
import { expect, test } from "vitest";
import { computed, problemsInAllWays, problemsOfRandomGraphs } from "./lower.test-kit.ts";

test("3,000 random graphs compute the same when they are lowered", async () => {
  expect(await problemsOfRandomGraphs(3000)).toEqual([]);
});

test.each(computed)("all samples on operands of %s compute the same when they are lowered", (dtype) => {
  const found = allSamples().flatMap((sample) => {
    const other = retyped(sample, dtype);
    if (other === undefined) return [];
    const problems = problemsInAllWays(graphOf(materialize(other), other.record));
    return problems.map((problem) => `${sampleTitle(other)}, ${problem}`);
  });
  expect(found).toEqual([]);
});

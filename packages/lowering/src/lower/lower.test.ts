import { argumentsOf, batchSymbol, graphOf, programs, recorded, retyped, sampleTitle } from "@tenon/conformance";
import { trace } from "@tenon/ir";
import { allSamples, materialize, type Sample } from "@tenon/ir/samples";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGraphs } from "../random-graph.test-kit.ts";
import {
  computed,
  expectedOf,
  problemsInAllWays,
  problemsOfFn,
  problemsOfRandomGraphs,
  ways,
} from "./lower.test-kit.ts";

const byName = new Map<string, Sample[]>();
for (const sample of allSamples()) byName.set(sample.name, [...(byName.get(sample.name) ?? []), sample]);

const problems = (samples: readonly Sample[]): readonly string[] =>
  samples.flatMap((sample) =>
    problemsInAllWays(graphOf(materialize(sample), sample.record)).map(
      (problem) => `${sampleTitle(sample)}, ${problem}`,
    ),
  );

describe("samples compute the same when they are lowered:", () => {
  test.each([...byName])("%s", (_, samples) => {
    expect(problems(samples)).toEqual([]);
  });
});

test.each(computed.filter((dtype) => dtype !== "float32"))(
  "operands of %s compute the same when they are lowered",
  (dtype) => {
    const samples = [...byName.values()].flatMap(([sample]) => retyped(sample!, dtype) ?? []);
    expect(problems(samples)).toEqual([]);
  },
);

test.each(programs.map((program) => [program.name, program] as const))("%s, for a batch of any size", (_, program) => {
  const { fn } = trace((...inputs) => recorded(program, inputs), program.inputs(batchSymbol()));
  const found = [1, 5, 8].flatMap((batch) => {
    const args = argumentsOf(program, batch, 0);
    const expected = expectedOf(graphOf(args, (inputs) => recorded(program, inputs)));
    return Object.entries(ways).flatMap(([way, options]) =>
      problemsOfFn(fn, args, expected, options).map((problem) => `B = ${batch}, ${way}: ${problem}`),
    );
  });
  expect(found).toEqual([]);
});

test("random graphs compute the same when they are lowered", async () => {
  expect(await problemsOfRandomGraphs(60)).toEqual([]);
});

test("random graphs on special values compute the same when they are lowered", () => {
  fc.assert(
    fc.property(randomGraphs(), ({ fn, args }) => {
      expect(problemsInAllWays({ inputs: fn.inputs, results: fn.results, args })).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

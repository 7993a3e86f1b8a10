import {
  argumentsOf,
  batchSymbol,
  Draw,
  graphOf,
  programs,
  randomGraph,
  recorded,
  retyped,
  sampleTitle,
} from "@tenon/conformance";
import { type DType, trace } from "@tenon/ir";
import { allSamples, materialize, type Sample } from "@tenon/ir/samples";
import { describe, expect, test } from "vitest";
import { expectedOf, problemsInAllWays, problemsOfFn, ways } from "./lower.test-kit.ts";

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

const others: readonly DType[] = ["int8", "uint16", "float16", "bfloat16", "float64", "int32", "uint32", "bool"];

test.each(others)("operands of %s compute the same when they are lowered", (dtype) => {
  const samples = [...byName.values()].flatMap(([sample]) => retyped(sample!, dtype) ?? []);
  expect(problems(samples)).toEqual([]);
});

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

test("random graphs compute the same when they are lowered", () => {
  const found: string[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const graph = randomGraph(new Draw(seed, "lower"));
    for (const problem of problemsInAllWays(graph)) found.push(`seed ${seed}, ${problem}`);
  }
  expect(found).toEqual([]);
});

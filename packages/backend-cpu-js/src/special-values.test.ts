import { expectedResults, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { Fn } from "@tenon/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runOn } from "../../conformance/src/bench.ts";
import { randomGraphs } from "../../lowering/src/random-graph.test-kit.ts";
import { specified } from "../../lowering/src/specified.test-kit.ts";
import { cpuJs } from "./backend.ts";

test("random graphs on special values compute what the interpreter computes", async () => {
  const backend = await cpuJs().create();
  await fc.assert(
    fc.asyncProperty(randomGraphs().map(specified), async ({ fn: { inputs, results }, args }) => {
      const values = new Map(inputs.map((t, i) => [t, args[i]!]));
      const expected = expectedResults(results, values, evaluateTensors, "ieee");
      expect(problemsOf(expected, await runOn(backend, new Fn("main", inputs, results), args))).toEqual([]);
    }),
    { numRuns: 25 },
  );
  await backend.close();
});

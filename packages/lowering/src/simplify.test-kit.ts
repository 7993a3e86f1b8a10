import { buildModule } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import fc from "fast-check";
import { expect } from "vitest";
import { loadParts } from "./parts.ts";
import { algebraOf, algebraRules } from "./passes/algebra.ts";
import type { Pass } from "./passes/pass.ts";
import { firstDifference, randomGraphs, runRounded } from "./random-graph.test-kit.ts";
import { passes, simplify } from "./simplify.ts";

await loadParts();

// powers become products, which are as exact but not the same; their test is beside the rules
const withoutPowers = algebraOf(algebraRules.filter(({ op }) => op !== "pow"));

/** The passes that keep every bit. */
export const exactPasses: readonly Pass[] = passes.map((pass) => (pass.name === "algebra" ? withoutPowers : pass));

/** Random functions, before and after these passes, on special values: the same bits, and a well-formed module. */
export function checkOnRandomGraphs(chosen: readonly Pass[], options: { numRuns: number; maxOps?: number }): void {
  const { numRuns, ...size } = options;
  fc.assert(
    fc.property(randomGraphs(size), ({ fn, args }) => {
      const simple = simplify(fn, chosen);
      verify(buildModule({ entries: { fn: simple } }));
      expect(firstDifference(runRounded({ fn, args }), runRounded({ fn: simple, args }))).toBeUndefined();
    }),
    { numRuns },
  );
}

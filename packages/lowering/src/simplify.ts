import type { Fn } from "@tenon/ir";
import { algebra } from "./passes/algebra.ts";
import { foldConstants } from "./passes/fold.ts";
import { inlineCalls } from "./passes/inline.ts";
import { mergeCommon } from "./passes/merge.ts";
import type { Pass } from "./passes/pass.ts";
import { rewrite } from "./passes/rewrite.ts";
import { dropUnused } from "./passes/unused.ts";

/** The passes of `simplify`, in the order in which a node meets them. */
export const passes: readonly Pass[] = [inlineCalls, foldConstants, algebra, dropUnused, mergeCommon];

/** One walk applies every pass wherever it can; further walks see what has become of users and regions. */
const MAX_ROUNDS = 8;

/**
 * The function with `chosen` passes applied, regions included, until none changes anything. What it computes is the same
 * to the last bit, NaN, infinities, subnormals and signs of zeros included, but for powers (see `algebra`).
 */
export function simplify(fn: Fn, chosen: readonly Pass[] = passes): Fn {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = rewrite(fn, (part) => {
      const rules = chosen.map((pass) => pass.start(part));
      return (node, original) => {
        for (const rule of rules) {
          const outcome = rule(node, original);
          if (outcome !== undefined) return outcome;
        }
        return undefined;
      };
    });
    if (next === fn) break;
    fn = next;
  }
  return fn;
}

import { entry } from "../entry.ts";
import { elementRules } from "./algebra-elements.ts";
import { moveRules } from "./algebra-moves.ts";
import type { AlgebraRule } from "./algebra-rule.ts";
import type { Pass } from "./pass.ts";

/** Every identity that `algebra` knows: those that come up in gradients and change what is computed, or how often. */
export const algebraRules: readonly AlgebraRule[] = [...elementRules, ...moveRules];

/** The pass that applies these identities. Each is exact in IEEE 754; where one needs a word of explanation, it has it. */
export function algebraOf(rules: readonly AlgebraRule[]): Pass {
  const byOp = new Map<string, AlgebraRule[]>();
  for (const rule of rules) entry(byOp, rule.op, () => []).push(rule);
  return {
    name: "algebra",
    start: () => (node) => {
      for (const { apply } of byOp.get(node.op.name) ?? []) {
        const y = apply(node.inputs as unknown as Parameters<typeof apply>[0], node);
        if (y !== undefined) return [y];
      }
      return undefined;
    },
  };
}

export const algebra: Pass = algebraOf(algebraRules);

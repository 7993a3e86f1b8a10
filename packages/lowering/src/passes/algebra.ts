import type { OpRecord } from "@tenon/ir";
import { logicRules } from "./algebra-logic.ts";
import { moveRules } from "./algebra-moves.ts";
import { numberRules } from "./algebra-numbers.ts";
import type { AlgebraRule } from "./algebra-rule.ts";
import type { Pass } from "./pass.ts";

/** Every identity that `algebra` knows. */
export const algebraRules: readonly AlgebraRule[] = [...numberRules, ...logicRules, ...moveRules];

/** The pass that applies these identities. Each is exact in IEEE 754; where one needs a word of explanation, it has it. */
export function algebraOf(rules: readonly AlgebraRule[]): Pass {
  const byOp = new Map<OpRecord, AlgebraRule[]>();
  for (const rule of rules) byOp.set(rule.op, [...(byOp.get(rule.op) ?? []), rule]);
  return {
    name: "algebra",
    start: () => (node) => {
      for (const { apply } of byOp.get(node.op) ?? []) {
        const y = apply(node.inputs as unknown as Parameters<typeof apply>[0], node);
        if (y !== undefined) return [y];
      }
      return undefined;
    },
  };
}

export const algebra: Pass = algebraOf(algebraRules);

import { maximum } from "../index-choice.ts";
import { floorDiv, modIndex } from "../index-division.ts";
import { indexAxis, multiplyIndex } from "../index-expression.ts";
import { substituteIndex, variablesOf } from "../index-fold.ts";
import { type Index, type IndexNode, type IndexVariable, operandsOf } from "../index-node.ts";
import type { For, Statement } from "../kernel/kernel.ts";
import { changeIndices, eachPart, isIndex } from "../kernel/walk.ts";

/**
 * Loops directly inside each other as one, where all that is done depends on their variables as on `i·n + j`: what lies side by side
 * in memory is gone through in one long loop.
 */
export function collapse(statements: readonly Statement[]): readonly Statement[] {
  let count = 0;
  const walk = (list: readonly Statement[]): readonly Statement[] =>
    list.map((s) => {
      if (s.kind !== "for") return s;
      const body = walk(s.body);
      const [only] = body;
      const alone = body.length === 1 && only!.kind === "for" && only!.role === s.role;
      const one = alone ? joined(s, only as For, `f${count}`) : undefined;
      if (one !== undefined) count++;
      return one ?? { ...s, body };
    });
  return walk(statements);
}

/** The two loops as one over a variable of this name, if they can be. */
function joined(outer: For, inner: For, name: string): For | undefined {
  const size = multiplyIndex(outer.size, inner.size);
  const variable = indexAxis(name, size);
  if (variable.kind !== "variable" || variablesOf(inner.size).has(outer.variable)) return undefined;
  const extent = maximum(inner.size, 1);
  const replacements = new Map<Index, Index>([
    [outer.variable, floorDiv(variable, extent)],
    [inner.variable, modIndex(variable, extent)],
  ]);
  const changed = new Map<IndexNode, IndexNode>();
  let fits = true;
  eachPart(inner.body, (part) => {
    if (fits && isIndex(part)) fits = replaced(part, outer.variable, inner.variable, replacements, changed);
  });
  if (!fits) return undefined;
  return { ...outer, variable, size, body: changeIndices(inner.body, (node) => changed.get(node)!) };
}

/** Whether an expression depends on the two as one; what it becomes goes into `changed`. */
function replaced(
  node: IndexNode,
  outer: IndexVariable,
  inner: IndexVariable,
  replacements: ReadonlyMap<Index, Index>,
  changed: Map<IndexNode, IndexNode>,
): boolean {
  const variables = variablesOf(node);
  const both = variables.has(outer);
  if (both !== variables.has(inner)) return false;
  const now: IndexNode = both ? substituteIndex(node as Index, replacements) : node;
  changed.set(node, now);
  return !both || quotients(now) <= quotients(node);
}

/** How many different quotients an expression is made of. */
function quotients(root: IndexNode): number {
  const seen = new Set<IndexNode>([root]);
  let count = 0;
  for (const node of seen) {
    if (node.kind === "floordiv") count++;
    for (const x of operandsOf(node)) seen.add(x);
  }
  return count;
}

import { type Tensor, topologicalOrder } from "@tenon/ir";
import { rare } from "../parts.ts";
import type { Pass } from "./pass.ts";

const control = ["cond", "scan", "while"];

/**
 * What nothing reads is not computed: results of control flow, the carries that serve only such results, and operands
 * that no region reads. A node that nothing reads is no part of a graph in the first place.
 *
 * Exact: every result that is left is computed as before.
 */
export const dropUnused: Pass = {
  name: "unused",
  start(fn) {
    const read = new Set<Tensor>(fn.results);
    for (const { inputs } of topologicalOrder(fn.results)) for (const t of inputs) read.add(t);
    return (node, original) => {
      if (!control.includes(node.op.name)) return undefined;
      const used = original.outputs.map((t) => read.has(t));
      // a node that another rule has just made is in no list yet
      return used.includes(true) ? rare.now.trim(node, used) : undefined;
    };
  },
};

import type { FunctionRef } from "./attrs.ts";
import { Fn } from "./function.ts";
import { mapRegions } from "./graph.ts";
import { input, isLeaf } from "./leaf.ts";
import { topologicalOrder } from "./rewrite.ts";
import { Node, type Tensor } from "./tensor.ts";

/**
 * The function with every node anew, on argument leaves of its own: it stays what it is now when the runtime turns tensors
 * of the program into data, and keeps none of them alive.
 */
export function detached(fn: Fn, done = new Map<FunctionRef, Fn>()): Fn {
  const before = done.get(fn);
  if (before !== undefined) return before;
  const inputs = fn.inputs.map((t) => input(t, t.attrs.name as string | undefined));
  const now = new Map(fn.inputs.map((t, i) => [t, inputs[i]!]));
  const current = (t: Tensor): Tensor => now.get(t)!;
  for (const node of topologicalOrder(fn.results)) {
    if (isLeaf(node)) continue;
    const attrs = mapRegions(node.op, node.attrs, (region) => detached(region as Fn, done));
    const copy = new Node(node.op, node.inputs.map(current), attrs, node.results, node);
    node.outputs.forEach((t, i) => {
      now.set(t, copy.outputs[i]!);
    });
  }
  const copy = new Fn(fn.name, inputs, fn.results.map(current), fn.aliases);
  done.set(fn, copy);
  return copy;
}

import { inputOp, isLeaf } from "./leaf.ts";
import { currentScope } from "./scope.ts";
import { announce, Node, type Tensor } from "./tensor.ts";

/**
 * Nodes that `roots` depend on, inputs before users, each once; without recursion, so that a graph may be as long as
 * memory allows.
 *
 * @param stop Nodes that are listed, but whose inputs are not visited.
 */
export function topologicalOrder(roots: readonly Tensor[], stop?: (node: Node) => boolean): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, number>(); // how many inputs have been visited; -1 when the node is listed
  const stack: Node[] = [];
  for (const root of roots) {
    if (state.has(root.node)) continue;
    stack.push(root.node);
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      const { inputs } = node;
      let i = state.get(node) ?? 0;
      if (i < 0) {
        stack.pop();
        continue;
      }
      if (i === 0 && stop?.(node) === true) i = inputs.length;
      while (i < inputs.length && state.has(inputs[i]!.node)) i++;
      if (i < inputs.length) {
        state.set(node, i + 1);
        stack.push(inputs[i]!.node);
      } else {
        state.set(node, -1);
        order.push(node);
        stack.pop();
      }
    }
  }
  return order;
}

/**
 * `topologicalOrder` without what lies behind nodes that are older than all of `sources`, and so cannot depend on them.
 *
 * The age of a data leaf says nothing: the runtime may have put it behind a tensor long after that was used.
 */
export function orderAfter(sources: Iterable<Tensor>, roots: readonly Tensor[]): Node[] {
  let first = Infinity;
  for (const { node } of sources) first = Math.min(first, isLeaf(node) && node.op !== inputOp ? 0 : node.id);
  return topologicalOrder(roots, (node) => node.id < first);
}

/**
 * The tensors with others in the place of those in `replacements`; nodes that do not change are kept.
 *
 * Outside of a trace, nodes that were made for a function are copied too: what a function shares with the program could be
 * turned into data by the runtime, and the function would be left with a leaf of the program's.
 */
export function substitute(roots: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const now = new Map<Tensor, Tensor>(replacements);
  const current = (t: Tensor): Tensor => now.get(t) ?? t;
  const outside = currentScope.traces === 0;
  const copies: Node[] = [];
  for (const node of orderAfter(replacements.keys(), roots)) {
    const foreign = outside && node.inside && !isLeaf(node);
    if (!foreign && node.inputs.every((t) => current(t) === t)) continue;
    const copy = new Node(node.op, node.inputs.map(current), node.attrs, node.results, node);
    copies.push(copy);
    node.outputs.forEach((t, i) => {
      if (!now.has(t)) now.set(t, copy.outputs[i]!);
    });
  }
  const found = roots.map(current);
  announce(copies);
  return found;
}

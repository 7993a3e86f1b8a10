import { Node, orderAfter, type Tensor, topologicalOrder } from "@tenon/ir";

/** What stands in the place of a node's results. */
export interface Replacement {
  readonly results: readonly Tensor[];
  /** Whether the nodes that compute `results` are to be visited too. */
  readonly open: boolean;
}

/**
 * Visits the nodes up to `outputs` that may depend on `sources`, inputs before users. A visit may put other tensors in the
 * place of the node's results: a decomposition (open: its nodes are visited next) or another form of the op. Later nodes
 * are visited on the replaced tensors. Returns the outputs as they then are.
 */
export function walk(
  outputs: readonly Tensor[],
  sources: readonly Tensor[],
  visit: (node: Node, primal: Node) => Replacement | undefined,
): readonly Tensor[] {
  const now = new Map<Tensor, Tensor>();
  const current = (t: Tensor): Tensor => {
    for (let next = now.get(t); next !== undefined; next = now.get(t)) t = next;
    return t;
  };
  const replace = (node: Node, results: readonly Tensor[]): void => {
    for (const [i, t] of node.outputs.entries()) if (t !== results[i]) now.set(t, results[i]!);
  };
  const pending = orderAfter(sources, outputs).reverse();
  for (let primal = pending.pop(); primal !== undefined; primal = pending.pop()) {
    let node = primal;
    if (now.size > 0 && primal.inputs.some((t) => now.has(t))) {
      node = new Node(primal.op, primal.inputs.map(current), primal.attrs, primal.results, primal);
      replace(primal, node.outputs);
    }
    const replacement = visit(node, primal);
    if (replacement === undefined) continue;
    replace(node, replacement.results);
    if (!replacement.open) continue;
    const outside = new Set(node.inputs.map((t) => t.node));
    for (const inner of topologicalOrder(replacement.results, (n) => outside.has(n)).reverse()) {
      if (!outside.has(inner)) pending.push(inner);
    }
  }
  return outputs.map(current);
}

import { Node, orderAfter, type Tensor, topologicalOrder } from "@tenon/ir";

/** What stands in the place of a node's results. */
export interface Replacement {
  readonly results: readonly Tensor[];
  /** Whether the nodes that compute `results` are to be visited too. */
  readonly open: boolean;
}

/** Nodes that compute `results` from `inputs`, inputs before users. */
export function between(inputs: readonly Tensor[], results: readonly Tensor[]): readonly Node[] {
  const outside = new Set(inputs.map((t) => t.node));
  return topologicalOrder(results, (node) => outside.has(node)).filter((node) => !outside.has(node));
}

/**
 * Visits the nodes up to `outputs` that may depend on `sources`, inputs before users, each once. A visit may put other
 * tensors in the place of the node's results: a decomposition (open: its nodes are visited next) or another form of the
 * op. Later nodes are visited on the replaced tensors. Returns the outputs as they then are.
 *
 * @param visit Is given the node on replaced tensors, and the node that it was made from.
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
  const done = new Set<Node>();
  const pending = orderAfter(sources, outputs).reverse();
  for (let primal = pending.pop(); primal !== undefined; primal = pending.pop()) {
    if (done.has(primal)) continue;
    done.add(primal);
    let node = primal;
    if (now.size > 0 && primal.inputs.some((t) => now.has(t))) {
      node = new Node(primal.op, primal.inputs.map(current), primal.attrs, primal.results, primal);
      replace(primal, node.outputs);
    }
    const replacement = visit(node, primal);
    if (replacement === undefined) continue;
    replace(node, replacement.results);
    if (!replacement.open) continue;
    const inner = between([...primal.inputs, ...node.inputs], replacement.results);
    for (let i = inner.length - 1; i >= 0; i--) pending.push(inner[i]!);
  }
  return outputs.map(current);
}

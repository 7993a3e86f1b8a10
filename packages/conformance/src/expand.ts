import { type Fn, isLeaf, Node, type Tensor, topologicalOrder, withTrace } from "@tenon/ir";

/** The node on other operands; a leaf stays what it is. */
export const reapply = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] =>
  isLeaf(node) ? node.outputs : new Node(node.op, inputs, node.attrs, node.results, node).outputs;

/** The same graph with every node made anew by `remake`, from the new operands. */
export function rebuild(
  results: readonly Tensor[],
  remake: (node: Node, inputs: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] {
  const made = new Map<Tensor, Tensor>();
  for (const node of topologicalOrder(results)) {
    const inputs = node.inputs.map((x) => made.get(x)!);
    const outputs = withTrace(() => remake(node, inputs));
    node.outputs.forEach((y, i) => {
      made.set(y, outputs[i]!);
    });
  }
  return results.map((y) => made.get(y)!);
}

/** Whether the node stands for other ops. */
export const isComposite = ({ op, attrs }: Node): boolean => op.decompose !== undefined || attrs.decomp !== undefined;

/** The results computed by primitives alone; regions keep their composites. */
export function expandComposites(results: readonly Tensor[]): readonly Tensor[] {
  let expanded = results;
  while (topologicalOrder(expanded).some(isComposite)) {
    expanded = rebuild(expanded, (node, inputs) => {
      if (node.op.decompose !== undefined) return node.op.decompose(inputs, node.attrs);
      return node.attrs.decomp === undefined ? reapply(node, inputs) : (node.attrs.decomp as Fn).inline(inputs);
    });
  }
  return expanded;
}

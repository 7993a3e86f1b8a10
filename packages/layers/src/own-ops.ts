import { isLeaf, type Node, type Tensor } from "@tenon/tensor";
import type { End, FlowNode, Wire } from "./flow.ts";

/** So many ops are drawn one by one; more that end in one result are one node. */
const FEW = 2;

/**
 * What a layer computes between the layers it calls, as nodes, whose results are added to `ends`.
 *
 * More than a few ops that serve only one result are one node, such as attention written by hand. What only moves the
 * elements of one tensor is none.
 *
 * @param wanted Operands of layers, and the layer's own results.
 * @param ends Where tensors come from that are given.
 */
export function ownOps(wanted: readonly Tensor[], ends: Map<Tensor, End>): { nodes: FlowNode[]; wires: Wire[] } {
  const { order, users } = behind(wanted, ends);
  const all = clustersOf(order, users);
  const single = new Set(
    [...all.values()].flatMap((members) => {
      const computing = liveIn(members, ends).filter((node) => !isMove(node));
      return computing.length > FEW ? [] : computing;
    }),
  );
  const clusters = clustersOf(order, users, single);
  const nodes: FlowNode[] = [];
  const wires: Wire[] = [];
  for (const [last, members] of clusters) {
    const sources = distinct(members.flatMap(({ inputs }) => inputs.flatMap((t) => ends.get(t) ?? [])));
    if (sources.length === 0) continue; // a constant
    const names = liveIn(members, ends)
      .filter((node) => !isMove(node))
      .map(({ op }) => shortName(op.name));
    if (sources.length === 1 && names.length === 0) {
      for (const t of last.outputs) ends.set(t, sources[0]!);
      continue;
    }
    const moves = members.map(({ op }) => shortName(op.name));
    const node: FlowNode = { role: "op", names: names.length > 0 ? names : moves, types: last.results };
    nodes.push(node);
    for (const [input, { node: from, output }] of sources.entries()) wires.push({ from, output, to: node, input });
    for (const [output, t] of last.outputs.entries()) ends.set(t, { node, output });
  }
  return { nodes, wires };
}

/** The ops that some tensors are computed by, after those that they take from, and what uses each; null is outside. */
function behind(wanted: readonly Tensor[], ends: ReadonlyMap<Tensor, End>) {
  const order: Node[] = [];
  const users = new Map<Node, Set<Node | null>>();
  const visit = (t: Tensor, user: Node | null): void => {
    if (ends.has(t) || isLeaf(t.node)) return;
    const known = users.get(t.node);
    if (known !== undefined) return void known.add(user);
    users.set(t.node, new Set([user]));
    for (const x of t.node.inputs) visit(x, t.node);
    order.push(t.node);
  };
  for (const t of wanted) visit(t, null);
  return { order, users };
}

/** Each op with those that serve it alone, by the last of them, in order; those of `single` are the last of theirs. */
function clustersOf(
  order: readonly Node[],
  users: ReadonlyMap<Node, ReadonlySet<Node | null>>,
  single: ReadonlySet<Node> = new Set(),
): ReadonlyMap<Node, readonly Node[]> {
  const lasts = new Map<Node, Node>();
  for (const node of order.toReversed()) {
    const found = new Set([...users.get(node)!].map((user) => user && lasts.get(user)!));
    const [last] = found;
    lasts.set(node, found.size === 1 && last != null && !single.has(node) ? last : node);
  }
  const clusters = new Map<Node, Node[]>();
  for (const node of order) if (lasts.get(node) === node) clusters.set(node, []);
  for (const node of order) clusters.get(lasts.get(node)!)!.push(node);
  return clusters;
}

/** The ops that depend on what is given. */
function liveIn(members: readonly Node[], ends: ReadonlyMap<Tensor, End>): readonly Node[] {
  const live = new Set<Node>();
  for (const node of members) if (node.inputs.some((t) => ends.has(t) || live.has(t.node))) live.add(node);
  return [...live];
}

const passing = new Set(["convert", "barrier", "ad.stop_gradient"]);

/** Whether an op keeps the numbers as they are. */
const isMove = ({ op }: Node): boolean => passing.has(op.name) || (op.kind === "structural" && op.numeric === "exact");

/** `nn.layer_norm` is layer norm. */
const shortName = (name: string): string => name.replace(/^.*[.]/, "").replaceAll("_", " ");

const distinct = (found: readonly End[]): readonly End[] =>
  found.filter(({ node, output }, i) => found.findIndex((e) => e.node === node && e.output === output) === i);

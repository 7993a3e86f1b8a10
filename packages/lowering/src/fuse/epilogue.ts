import { isLeaf, type Node, sameDim, sizeOf, type Tensor } from "@tenon/ir";
import { entry } from "../entry.ts";
import { isMove } from "../view-moves.ts";

/** Most arrays of its own size that what follows a sum or product may read, and most results that it may give. */
const MAX_ARRAYS = 2;

/** Direct users of tensors. */
export type Readers = ReadonlyMap<Tensor, readonly Node[]>;

export function readersOf(nodes: readonly Node[]): Readers {
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes) for (const t of new Set(node.inputs)) entry(readers, t, () => []).push(node);
  return readers;
}

/**
 * Whether what is done element by element with a node's result is a job of its own, such as the update of a parameter, which reads
 * its moments and writes them: all updates of a step together are one kernel.
 *
 * @param places The order of nodes; what is computed after the node from elsewhere cannot belong to it.
 */
export function isJob(
  node: Node,
  readers: Readers,
  needed: ReadonlySet<Tensor>,
  places: ReadonlyMap<Node, number>,
): boolean {
  if (node.outputs[0]!.rank === 0) return false;
  const size = sizeOf(node.outputs[0]!.shape);
  const start = places.get(node)!;
  const members = new Set<Tensor>([node.outputs[0]!]);
  const arrays = new Set<Tensor>();
  let results = 0;
  for (const t of members) {
    if (needed.has(t)) results++;
    for (const user of readers.get(t) ?? []) {
      const y = user.outputs[0]!;
      if (members.has(y)) continue;
      if (isMove(user)) {
        if (sameDim(sizeOf(y.shape), size)) members.add(y);
        continue;
      }
      if (user.op.kind !== "scalar" || !sameDim(sizeOf(y.shape), size)) continue;
      const others = user.inputs.filter((x) => !members.has(x) && !isSpread(x));
      if (others.some((x) => !isLeaf(x.node) && (places.get(x.node) ?? 0) > start && !follows(x, members))) continue;
      for (const x of others) arrays.add(x);
      members.add(y);
    }
  }
  return arrays.size > MAX_ARRAYS || results > MAX_ARRAYS;
}

/** The same number, or the same row, over and over. */
const isSpread = ({ node }: Tensor): boolean =>
  node.op.name === "broadcast" || (node.inputs.length === 0 && !isLeaf(node));

/** Whether a tensor is made of members and of what lies in memory, one step away. */
const follows = ({ node }: Tensor, members: ReadonlySet<Tensor>): boolean =>
  node.op.kind === "scalar" && node.inputs.every((x) => members.has(x) || isSpread(x) || isLeaf(x.node));

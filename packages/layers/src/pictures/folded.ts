import { typeText } from "@tenon/tensor";
import type { Call } from "../calls.ts";
import type { Flow, FlowNode, Wire } from "../flow.ts";

/**
 * The flow with one node for several that follow one another, are made alike, and hold layers: the blocks of a deep network.
 * How often it stands is its `times`.
 */
export function folded(flow: Flow): Flow {
  const { nodes, wires } = flow;
  const firsts = new Map<FlowNode, FlowNode>();
  const times = new Map<FlowNode, number>();
  for (const node of nodes) {
    const before = aloneBefore(node, wires);
    const first = before && (firsts.get(before) ?? before);
    if (first === undefined || !nodes.includes(first) || !areAlike(first, node)) continue;
    firsts.set(node, first);
    times.set(first, (times.get(first) ?? 1) + 1);
  }
  if (times.size === 0) return flow;
  const kept = new Map(nodes.map((node) => [node, times.has(node) ? { ...node, times: times.get(node)! } : node]));
  const place = (node: FlowNode): FlowNode => kept.get(firsts.get(node) ?? node) ?? node;
  const isInside = ({ from, to }: Wire): boolean => firsts.has(to) && place(from) === place(to);
  return {
    ...flow,
    nodes: nodes.filter((node) => !firsts.has(node)).map(place),
    wires: wires
      .filter((wire) => !isInside(wire))
      .map((wire) => ({ ...wire, from: place(wire.from), to: place(wire.to) })),
  };
}

/** The node whose only result is the node's only operand, and goes nowhere else. */
function aloneBefore(node: FlowNode, wires: readonly Wire[]): FlowNode | undefined {
  const [into, ...others] = wires.filter(({ to }) => to === node);
  if (into === undefined || others.length > 0 || into.from.types.length > 1) return undefined;
  return wires.filter(({ from }) => from === into.from).length === 1 ? into.from : undefined;
}

/** Whether two nodes are different layers that hold layers, and look the same in and out. */
function areAlike({ call: a }: FlowNode, { call: b }: FlowNode): boolean {
  if (a === undefined || b === undefined || a.layer === b.layer) return false;
  return a.calls.length > 0 && looks(a) === looks(b);
}

const looks = ({ layer, inputs, outputs, calls }: Call): string =>
  JSON.stringify([
    layer.describe(),
    ...[...inputs, ...outputs].map(({ name, tensor }) => [name, typeText(tensor)]),
    ...calls.map(looks),
  ]);

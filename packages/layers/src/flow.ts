import type { TensorType } from "@tenon/tensor";
import type { Call, Named } from "./calls.ts";
import { ownOps } from "./own-ops.ts";

/** What stands in the flow of a layer: its inputs and outputs, the layers it calls, and what it computes itself between them. */
export interface FlowNode {
  readonly role: "input" | "layer" | "op" | "output";
  /** Of a layer. */
  readonly call?: Call;
  /** The name of an input or output; the ops that are computed, such as `add`. */
  readonly names: readonly string[];
  readonly types: readonly TensorType[];
  /** How many layers that follow one another it stands for. */
  readonly times?: number;
}

/** A tensor on its way from one node to another. */
export interface Wire {
  readonly from: FlowNode;
  /** Which of the results of `from`. */
  readonly output: number;
  readonly to: FlowNode;
  /** Which of the operands of `to`. */
  readonly input: number;
}

/** How tensors go through a layer. */
export interface Flow {
  readonly inputs: readonly FlowNode[];
  /** Layers in the order of their calls, then ops. */
  readonly nodes: readonly FlowNode[];
  readonly outputs: readonly FlowNode[];
  readonly wires: readonly Wire[];
}

/** A result of a node. */
export interface End {
  readonly node: FlowNode;
  readonly output: number;
}

/** How tensors go through a call. */
export function flowOf(call: Call): Flow {
  const inputs = call.inputs.map((x) => terminal("input", x));
  const layers = call.calls.map(
    (inner): FlowNode => ({ role: "layer", call: inner, names: [], types: inner.outputs.map(({ tensor }) => tensor) }),
  );
  const outputs = call.outputs.map((y) => terminal("output", y));
  const ends = new Map(call.inputs.map(({ tensor }, i) => [tensor, { node: inputs[i]!, output: 0 }]));
  for (const node of layers) {
    for (const [output, { tensor }] of node.call!.outputs.entries()) ends.set(tensor, { node, output });
  }
  const wanted = [
    ...layers.flatMap((node) => node.call!.inputs.map(({ tensor }, input) => ({ tensor, to: node, input }))),
    ...call.results.map((tensor, i) => ({ tensor, to: outputs[i]!, input: 0 })),
  ];
  const tensors = wanted.map(({ tensor }) => tensor);
  const { nodes: ops, wires } = ownOps(tensors, ends);
  for (const { tensor, to, input } of wanted) {
    const end = ends.get(tensor);
    if (end !== undefined) wires.push({ from: end.node, output: end.output, to, input });
  }
  return { inputs, outputs, ...withLoops({ inputs, nodes: [...layers, ...ops], outputs, wires }) };
}

/**
 * A layer that is called in a loop takes tensors that come from nowhere: it is drawn as taking what the loop's layer is
 * given, and giving what that makes. A loop is traced more than once, and each call in it is drawn once.
 */
function withLoops({ inputs, nodes, outputs, wires }: Flow): Pick<Flow, "nodes" | "wires"> {
  const added: Wire[] = [];
  const known = new Set<unknown>();
  const dropped = new Set<FlowNode>();
  for (const node of nodes) {
    const sources = wires.filter(({ to }) => to === node).map(({ from }) => from);
    if (sources.length > 0) {
      if (sources.every((from) => dropped.has(from))) dropped.add(node);
      continue;
    }
    if (known.has(node.call?.layer)) dropped.add(node);
    known.add(node.call?.layer);
    if (inputs.length > 0) added.push({ from: inputs[0]!, output: 0, to: node, input: 0 });
    const isUsed = wires.some(({ from }) => from === node);
    if (!isUsed && outputs.length > 0) added.push({ from: node, output: 0, to: outputs[0]!, input: 0 });
  }
  const isKept = ({ from, to }: Wire): boolean => !dropped.has(from) && !dropped.has(to);
  return { nodes: nodes.filter((node) => !dropped.has(node)), wires: [...wires, ...added].filter(isKept) };
}

const terminal = (role: "input" | "output", { name, tensor }: Named): FlowNode => ({
  role,
  names: [name],
  types: [tensor],
});

import type { Call } from "./calls.ts";
import { type Flow, type FlowNode, flowOf } from "./flow.ts";

/** A layer that calls others, with what goes on inside. */
export interface Frame {
  readonly call: Call;
  readonly flow: Flow;
  /** Those of its layers that call others too. */
  readonly inner: ReadonlyMap<FlowNode, Frame>;
  /** The frame it stands in, and its node there. */
  readonly outer: { readonly frame: Frame; readonly node: FlowNode } | undefined;
}

/** A node of a frame that is no frame itself, nor the place where a tensor enters or leaves one. */
export interface Spot {
  readonly node: FlowNode;
  readonly frame: Frame;
}

/**
 * @param depth How many layers deep what is inside is told; deeper ones are like layers without layers.
 * @param change What becomes of each flow.
 */
export function frameOf(
  call: Call,
  depth = Infinity,
  change: (flow: Flow) => Flow = (flow) => flow,
  outer?: Frame["outer"],
): Frame {
  const flow = change(flowOf(call));
  const inner = new Map<FlowNode, Frame>();
  const frame: Frame = { call, flow, inner, outer };
  for (const node of flow.nodes) {
    if (node.call === undefined || node.call.calls.length === 0 || depth === 1) continue;
    inner.set(node, frameOf(node.call, depth - 1, change, { frame, node }));
  }
  return frame;
}

/** A frame and all in it. */
export const framesIn = (frame: Frame): readonly Frame[] => [frame, ...[...frame.inner.values()].flatMap(framesIn)];

/** The nodes of a frame that are not frames. */
export function spotsIn(frame: Frame): readonly Spot[] {
  const { flow, inner, outer } = frame;
  const ends = outer === undefined ? [...flow.inputs, ...flow.outputs] : [];
  return [...ends, ...flow.nodes.filter((node) => !inner.has(node))].map((node) => ({ node, frame }));
}

/** Where what goes into a node comes from, through the borders of frames. */
export function sourcesOf(to: FlowNode, frame: Frame, input?: number): readonly Spot[] {
  const into = frame.flow.wires.filter((wire) => wire.to === to && (input === undefined || wire.input === input));
  const found = into.flatMap(({ from, output }): readonly Spot[] => {
    const inside = frame.inner.get(from);
    if (inside !== undefined) return sourcesOf(inside.flow.outputs[output]!, inside);
    if (from.role !== "input" || frame.outer === undefined) return [{ node: from, frame }];
    return sourcesOf(frame.outer.node, frame.outer.frame, frame.flow.inputs.indexOf(from));
  });
  return found.filter(({ node }, i) => found.findIndex((spot) => spot.node === node) === i);
}

/** What a model's input or output is called: its name in a record, its number in a list, or what it is. */
export function nameOfEnd({ role, names: [name = ""] }: FlowNode): string {
  return name === "" ? role : /^\d+$/.test(name) ? `${role} ${Number(name) + 1}` : name;
}

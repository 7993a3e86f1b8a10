import type { FlowNode } from "../flow.ts";
import { type Frame, framesIn, sourcesOf, spotsIn } from "../frames.ts";
import type { AnyLayer } from "../layer.ts";
import { frameTitle, type Label, labeller } from "./labels.ts";
import { type PictureOptions, pictured } from "./options.ts";

/**
 * A model as the text of a flowchart, for Markdown files and everything else that draws Mermaid: a node for each layer, with
 * its settings, shape and parameters, and a subgraph for each layer that holds others.
 *
 * The model has to be built. Sizes such as `B` stay names.
 */
export function toMermaid(model: AnyLayer, options: PictureOptions = {}): string {
  const root = pictured("toMermaid", model, options);
  const label = labeller(root);
  const ids = new Map<FlowNode, string>();
  const idOf = (node: FlowNode): string => {
    const id = ids.get(node) ?? `n${ids.size + 1}`;
    ids.set(node, id);
    return id;
  };
  const order = (node: FlowNode): number => [...ids.keys()].indexOf(node);
  const lines: string[] = ["flowchart TD"];
  const declare = (frame: Frame, indent: string): void => {
    const { inputs, nodes, outputs } = frame.flow;
    const isRoot = frame.outer === undefined;
    for (const node of [...(isRoot ? inputs : []), ...nodes, ...(isRoot ? outputs : [])]) {
      const inner = frame.inner.get(node);
      if (inner === undefined) lines.push(`${indent}${idOf(node)}${shaped(node, label(node, frame))}`);
      else {
        lines.push(`${indent}subgraph ${idOf(node)}["${escaped(titleOf(label(node, frame)))}"]`);
        declare(inner, `${indent}  `);
        lines.push(`${indent}end`);
      }
    }
  };
  declare(root, "  ");
  const spots = framesIn(root)
    .flatMap(spotsIn)
    .sort((a, b) => order(a.node) - order(b.node));
  for (const { node, frame } of spots) {
    for (const source of sourcesOf(node, frame)) lines.push(`  ${idOf(source.node)} --> ${idOf(node)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The text of a node in the brackets of its form. */
function shaped({ role, call }: FlowNode, { title, settings, name, shape, parameters, times }: Label): string {
  const counted = /^\d/.test(parameters) ? `${parameters} parameters` : parameters;
  const rows = [[title, settings, times].filter(Boolean).join(" "), name, role === "op" ? "" : shape, counted];
  const text = rows.filter(Boolean).map(escaped).join("<br/>");
  if (role === "op") return title.length === 1 ? `(("${text}"))` : `("${text}")`;
  return call === undefined ? `(["${text}"])` : `["${text}"]`;
}

const titleOf = (label: Label): string => [frameTitle(label), label.times].filter(Boolean).join(" ");

/** Mermaid writes signs by name between # and ;, as HTML does after &. A list would begin with "1. ", and Markdown between backquotes. */
const escaped = (text: string): string =>
  text
    .replaceAll("#", "#35;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;")
    .replaceAll("`", "#96;");

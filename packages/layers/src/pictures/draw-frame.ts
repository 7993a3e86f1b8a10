import type { FlowNode } from "../flow.ts";
import type { Frame } from "../frames.ts";
import { type DrawnBox, drawBox, drawOp, drawTerminal } from "./draw-box.ts";
import { route } from "./draw-wires.ts";
import { frameTitle, type Label } from "./labels.ts";
import { type Box, layered } from "./layered.ts";
import { px, textAt, widthOf } from "./marks.ts";

/** A drawing of a certain size; where wires may end at its upper and lower edge is counted from its middle. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  readonly parts: readonly string[];
}

const PADDING = 14;
/** Above what is in a frame, for its title. */
const HEAD = 16;
const FILL = "#f7f8fa";
const OUTLINE = `fill="${FILL}" stroke="#9aa3ad" stroke-dasharray="5 3"`;
const TIMES = 'font-size="14" font-weight="bold" text-anchor="end" fill="#1d2329"';
/** Keeps a wire off the letters. */
const HALO = `stroke="${FILL}" stroke-width="5" paint-order="stroke"`;

/** What goes on in a layer: its layers in rows, and wires between them. */
export function drawFrame(frame: Frame, label: (node: FlowNode, frame: Frame) => Label): Drawing {
  const { inputs, nodes, outputs, wires } = frame.flow;
  const all = [...inputs, ...nodes, ...outputs];
  const drawn = all.map((node) => draw(node, frame, label));
  const number = new Map(all.map((node, i) => [node, i]));
  const links = wires.map(({ from, output, to, input }) => ({
    from: number.get(from)!,
    output,
    to: number.get(to)!,
    input: drawn[number.get(to)!]!.ins.length > 0 ? input : 0, // only a frame tells its operands apart
  }));
  const plan = layered(drawn, links);
  const { height, tops, lines } = route(plan, drawn);
  const place = (i: number): readonly [x: number, y: number] => {
    const cell = plan.rows.flat().find(({ box }) => box === i)!;
    return [cell.x, tops.get(cell)!];
  };
  const boxes = drawn.flatMap(({ width, parts }, i) => {
    const [x, y] = place(i);
    return parts.length === 0 ? [] : [`<g transform="translate(${px(x - width / 2)} ${px(y)})">`, ...parts, "</g>"];
  });
  const middle = plan.width / 2;
  const offsets = (from: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => place(from + i)[0] - middle);
  return {
    width: plan.width,
    height,
    ins: offsets(0, inputs.length),
    outs: offsets(inputs.length + nodes.length, outputs.length),
    parts: [...lines, ...boxes],
  };
}

function draw(
  node: FlowNode,
  frame: Frame,
  label: (node: FlowNode, frame: Frame) => Label,
): DrawnBox & Pick<Box, "pinned"> {
  const { role } = node;
  if (role === "op") return drawOp(label(node, frame));
  if (role === "layer") {
    const inner = frame.inner.get(node);
    return inner === undefined
      ? drawBox(label(node, frame), node.types.length)
      : framed(drawFrame(inner, label), label(node, frame));
  }
  if (frame.outer === undefined) return drawTerminal(label(node, frame));
  const pinned = role === "input" ? "first" : "last";
  return { width: 1, height: 0, ins: [], outs: [0], parts: [], form: "port", pinned };
}

/** A drawing in a frame with a title. Wires go on from the border to what they end at inside. */
function framed({ width, height, ins, outs, parts }: Drawing, label: Label): DrawnBox {
  const { parameters, times } = label;
  const words = frameTitle(label);
  const own = parameters === "" ? "" : `${parameters} params`;
  const inside = Math.max(width, widthOf(words, 11) + widthOf(own, 10) + widthOf(times, 14, true) + 30);
  const [w, h] = [inside + 2 * PADDING, height + HEAD + PADDING / 2];
  const left = (w - width) / 2;
  const stub = (from: number, to: number) => (offset: number) =>
    `<path d="M${px(w / 2 + offset)} ${px(from)}V${px(to)}" fill="none" stroke="#5b6570"/>`;
  return {
    width: w,
    height: h,
    ins,
    outs,
    form: "frame",
    parts: [
      `<rect width="${px(w)}" height="${px(h)}" rx="8" ${OUTLINE}/>`,
      ...ins.map(stub(0, HEAD)),
      ...outs.map(stub(h - PADDING / 2, h)),
      textAt(10, 16, words, `font-size="11" font-style="italic" fill="#5b6570" ${HALO}`),
      ...(own === "" ? [] : [textAt(w - 10, 16, own, 'font-size="10" text-anchor="end" fill="#5b6570"')]),
      ...(times === "" ? [] : [textAt(w - 10, own === "" ? 19 : 33, times, TIMES)]),
      `<g transform="translate(${px(left)} ${HEAD})">`,
      ...parts,
      "</g>",
    ],
  };
}

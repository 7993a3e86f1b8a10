import type { Label } from "./labels.ts";
import type { Box } from "./layered.ts";
import { escaped, px, textAt, widthOf } from "./marks.ts";

/** A box with what is drawn in it, from its upper left corner. */
export interface DrawnBox extends Box {
  readonly parts: readonly string[];
  readonly form: "box" | "op" | "frame" | "terminal" | "port";
}

interface Look {
  readonly fill: string;
  readonly stroke: string;
}

/** Colours by what a layer is for: pale, so that text is read, and told apart with every kind of colour vision by their outlines. */
const looks: readonly (readonly [RegExp, Look])[] = [
  [/attention/i, { fill: "#f9e3ee", stroke: "#b5477f" }],
  [/conv/i, { fill: "#dfebf7", stroke: "#2f6ea8" }],
  [/norm|scale/i, { fill: "#fdf3d0", stroke: "#b8901c" }],
  [/pool|upsampl|crop|pad/i, { fill: "#e9e4f4", stroke: "#7259a8" }],
  [/rnn|lstm|gru|bidirectional/i, { fill: "#d9f0ec", stroke: "#2b8a7e" }],
  [/dense|linear|embedding|feedForward/i, { fill: "#e2f1dc", stroke: "#4e8c3a" }],
  [/activation|relu|elu|softmax|sigmoid|tanh/i, { fill: "#fde5d3", stroke: "#c8672a" }],
  [/dropout|noise|random|cutout|mixup/i, { fill: "#f1f1f1", stroke: "#8a8a8a" }],
];
const plain: Look = { fill: "#f6f7f8", stroke: "#6d7680" };

const SIDE = 12;
const LEAST = 132;
const TITLE = 13;
const DETAIL = 11;

/** A layer: kind and settings above, shape and parameters below. */
export function drawBox(label: Label, results: number): DrawnBox {
  const { title, name, shape, parameters, times } = label;
  const settings = [label.settings, times].filter(Boolean).join("  ");
  const look = looks.find(([kind]) => kind.test(title))?.[1] ?? plain;
  const counted = /^\d/.test(parameters) ? `${parameters} params` : parameters;
  const above =
    widthOf(title, TITLE, true) + gapped(widthOf(settings, TITLE - 1), 6) + gapped(widthOf(name, DETAIL), 16);
  const below = widthOf(shape, DETAIL) + gapped(widthOf(counted, DETAIL), 18);
  const width = Math.max(LEAST, above + 2 * SIDE, below + 2 * SIDE);
  const height = 42;
  const titleText = [
    `<text x="${SIDE}" y="17" font-size="${TITLE}" fill="#1d2329"><tspan font-weight="bold">${escaped(title)}</tspan>`,
    settings === "" ? "" : `<tspan font-size="${TITLE - 1}" dx="6">${escaped(settings)}</tspan>`,
    "</text>",
  ].join("");
  const grey = `font-size="${DETAIL}" fill="#59636e"`;
  const outs = Array.from({ length: results }, (_, i) => (i - (results - 1) / 2) * Math.min(24, width / results));
  return {
    ...{ width, height, ins: [], outs, form: "box" },
    parts: [
      `<rect width="${px(width)}" height="${height}" rx="5" fill="${look.fill}" stroke="${look.stroke}"/>`,
      titleText,
      ...(name === "" ? [] : [textAt(width - SIDE, 17, name, `${grey} font-style="italic" text-anchor="end"`)]),
      textAt(SIDE, 34, shape, grey),
      ...(counted === "" ? [] : [textAt(width - SIDE, 34, counted, `${grey} text-anchor="end"`)]),
    ],
  };
}

const ROUND = 11; // the radius of the circle around a sign

/** What a layer computes itself between others: a sign in a circle, or the names of ops. */
export function drawOp({ title }: Label): DrawnBox {
  const ink = 'fill="#ffffff" stroke="#3c464f"';
  if (title.length === 1) {
    const sign = textAt(ROUND, ROUND + 5, title, 'font-size="15" text-anchor="middle" fill="#1d2329"');
    const parts = [`<circle cx="${ROUND}" cy="${ROUND}" r="${ROUND}" ${ink}/>`, sign];
    return { width: 2 * ROUND, height: 2 * ROUND, ins: [], outs: [0], form: "op", parts };
  }
  const width = widthOf(title, DETAIL) + 2 * SIDE;
  const parts = [
    `<rect width="${px(width)}" height="22" rx="11" ${ink}/>`,
    textAt(width / 2, 15, title, `font-size="${DETAIL}" text-anchor="middle" fill="#1d2329"`),
  ];
  return { width, height: 22, ins: [], outs: [0], form: "op", parts };
}

/** An input or output of the model, with its type. */
export function drawTerminal({ title, shape }: Label): DrawnBox {
  const width = widthOf(title, 12, true) + widthOf(shape, DETAIL) + 2 * SIDE + 8;
  const text = [
    `<text x="${SIDE}" y="17" font-size="12" fill="#1d2329"><tspan font-weight="bold">${escaped(title)}</tspan>`,
    `<tspan dx="8" font-size="${DETAIL}" fill="#59636e">${escaped(shape)}</tspan></text>`,
  ].join("");
  const parts = [`<rect width="${px(width)}" height="26" rx="13" fill="#ffffff" stroke="#3c464f"/>`, text];
  return { width, height: 26, ins: [], outs: [0], form: "terminal", parts };
}

const gapped = (width: number, gap: number): number => (width === 0 ? 0 : width + gap);

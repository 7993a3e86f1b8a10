import {
  addIndex,
  ceilDiv,
  constantIndex,
  type DotKernel,
  type Index,
  indexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import type { KernelSource } from "../wgsl/source.ts";
import { call, DotParts, each, type Side } from "./dot-parts.ts";
import type { DotTile } from "./dot-tile.ts";

/** Sums that a thread has in registers: four rows of four columns. */
const TILE = 4;
const each4 = <T>(make: (i: number) => T): readonly T[] => each(TILE, make);

/**
 * A product by tiles: slices of both operands, `depth` steps of k deep, pass through workgroup memory as vectors of four
 * lines, and each thread adds up 4 × 4 elements from them.
 */
export function renderTiles(kernel: DotKernel, tile: DotTile): KernelSource {
  const parts = new DotParts(kernel);
  const { rows, columns, depth, threads } = tile;
  const { sizes } = kernel;
  const source = parts.open();
  const [down, across] = [ceilDiv(sizes.rows, rows), ceilDiv(sizes.columns, columns)];
  const [left, right] = [rows / TILE, columns / TILE];
  const body = [
    "let at = i32(thread);",
    `let across = ${source.index(across)};`,
    `let down = ${source.index(down)};`,
    `let first_column = i32(group) % across * ${columns};`,
    `let first_row = i32(group) / across % down * ${rows};`,
    "let batch = i32(group) / across / down;",
    `let x = at % ${right};`,
    `let y = at / ${right};`,
    ...each4((i) => `var sum${i} = vec4<${parts.element}>();`),
    `for (var step: i32 = 0; step < ${source.index(sizes.k)}; step += ${depth}) {`,
    ...parts.sides.map((side) => fill(parts, side, tile)),
    "  workgroupBarrier();",
    `  for (var k: i32 = 0; k < ${depth}; k++) {`,
    `    let p = a_tile[k * ${left} + y];`,
    `    let q = b_tile[k * ${right} + x];`,
    ...each4((i) => `    sum${i} = ${parts.multiplyAdd(`vec4(p[${i}])`, "q", `sum${i}`)};`),
    "  }",
    "  workgroupBarrier();",
    "}",
    `var sums = array<vec4<${parts.element}>, ${TILE}>(${each4((i) => `sum${i}`).join(", ")});`,
    // the code for one element stands there once
    `for (var i: i32 = 0; i < ${TILE * TILE}; i++) {`,
    `  let row = first_row + y * ${TILE} + i / ${TILE};`,
    `  let column = first_column + x * ${TILE} + i % ${TILE};`,
    `  let product = sums[i / ${TILE}][i % ${TILE}];`,
    ...parts.finishOne(),
    "}",
  ];
  return parts.source(threads, multiplyIndex(sizes.batch, down, across), body.join("\n"));
}

/** Statements that bring a slice of an operand into workgroup memory. */
function fill(parts: DotParts, side: Side, { rows, columns, depth, threads }: DotTile): string {
  const { name, axis } = side;
  const vectors = (axis === "row" ? rows : columns) / TILE;
  const { vector, alongLines } = loading(side);
  parts.declare(`var<workgroup> ${name}_tile: array<vec4<${parts.element}>, ${depth * vectors}>;`);
  if (vector) vectorFunction(parts, side);
  else parts.elementFunction(side, true);
  // neighbouring threads load what lies side by side
  const [k, v] = alongLines ? [`l / ${vectors}`, `l % ${vectors}`] : [`l % ${depth}`, `l / ${depth}`];
  const at = (line: string): string => call(`${name}_at`, ["batch", line, "step + k", ...parts.scalars]);
  return [
    `  for (var l: i32 = at; l < ${depth * vectors}; l += ${threads}) {`,
    `    let k = ${k};`,
    `    let v = ${v};`,
    `    let line = first_${axis} + v * ${TILE};`,
    `    ${name}_tile[k * ${vectors} + v] = ${vector ? at("line") : `vec4(${each4((i) => at(`line + ${i}`)).join(", ")})`};`,
    "  }",
  ].join("\n");
}

/** How an operand is best loaded: by vectors of four lines, and along lines or along k. */
function loading({ operand: { lies }, lines }: Side): { readonly vector: boolean; readonly alongLines: boolean } {
  if (lies === undefined) return { vector: false, alongLines: true };
  const { start, strides, slot } = lies;
  const alongLines = strides.line === constantIndex(1);
  const whole = [start, strides.batch, strides.k, lines].every((x) => x.multiple % TILE === 0);
  const vector = alongLines && whole && slot.dtype === "float32" && slot.access === "read";
  return { vector, alongLines: alongLines || strides.k !== constantIndex(1) };
}

/** `a_at(batch, line, k, …)`: four elements side by side, 0 outside of the operand. */
function vectorFunction(parts: DotParts, { name, operand, lines }: Side): void {
  const { sizes, slots } = parts.kernel;
  const source = parts.open();
  const { start, strides, slot } = operand.lies!;
  const names = ["batch", "line", "k"];
  const [batch, line, k] = names.map((letter) => indexVariable(letter, 0, 2 ** 31 - 1)) as [Index, Index, Index];
  for (const v of [batch, line, k]) if (v.kind === "variable") source.name(v, v.name);
  source.if(`k >= ${source.index(sizes.k)} || line >= ${source.index(lines)}`, () =>
    source.line("return vec4<f32>();"),
  );
  const address = addIndex(start, multiplyIndex(batch, strides.batch), line, multiplyIndex(k, strides.k));
  const number = slots.indexOf(slot);
  parts.vectors.add(number);
  source.line(`return vector${number}(${source.index(address)} / ${TILE});`);
  parts.function(`${name}_at`, names, "vec4<f32>", source);
}

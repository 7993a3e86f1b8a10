import { addIndex, ceilDiv, type DotKernel, type Index, indexVariable, multiplyIndex } from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import type { KernelSource } from "../wgsl/source.ts";
import { call, DotParts, each, type Side } from "./dot-parts.ts";

/** Threads of a workgroup, side by side along the columns and in rows. */
const ACROSS = 8;
const DOWN = 4;
/** The most sums of a thread: 8 rows of 8 columns. What it reads for a step of k, 16 elements, costs more than the 64 products. */
const MOST = 8;

/**
 * A product without workgroup memory: each thread adds up some rows of some columns straight from the operands. Where a processor
 * plays the device, what threads share is memory like any other, and waiting for each other is what takes time.
 */
export function renderRegisters(kernel: DotKernel): KernelSource {
  const parts = new DotParts(kernel);
  const { sizes } = kernel;
  const { rows, columns } = { rows: sumsAlong(sizes.rows, DOWN), columns: sumsAlong(sizes.columns, ACROSS) };
  const source = parts.open();
  const [down, across] = [ceilDiv(sizes.rows, DOWN * rows), ceilDiv(sizes.columns, ACROSS * columns)];
  const lines = { a: each(rows, (i) => `r${i}`), b: each(columns, (j) => `c${j}`) };
  const columnAt = (j: number): string => `first_column + x + ${j * ACROSS}`;
  const [left, right] = parts.sides.map((side) => operandOf(parts, source, side, lines[side.name])) as [
    Operand,
    Operand,
  ];
  const body = [
    `let across = ${source.index(across)};`,
    `let down = ${source.index(down)};`,
    `let first_column = i32(group) % across * ${ACROSS * columns};`,
    `let first_row = i32(group) / across % down * ${DOWN * rows} + i32(thread) / ${ACROSS} * ${rows};`,
    "let batch = i32(group) / across / down;",
    `let x = i32(thread) % ${ACROSS};`,
    // lines beyond the last one repeat it, so that the loop below need not ask
    ...lines.a.map((r, i) => `let ${r} = min(first_row + ${i}, ${source.index(sizes.rows)} - 1);`),
    ...lines.b.map((c, j) => `let ${c} = min(${columnAt(j)}, ${source.index(sizes.columns)} - 1);`),
    ...[left, right].flatMap(({ before }) => before),
    ...each(rows * columns, (s) => `var sum${s} = ${parts.element}();`),
    `for (var k: i32 = 0; k < ${source.index(sizes.k)}; k++) {`,
    ...[left, right].flatMap(({ each }) => each),
    ...lines.b.map((c, j) => `  let q${j} = ${right.at(c)};`),
    ...lines.a.flatMap((r, i) => [
      `  let p${i} = ${left.at(r)};`,
      ...each(columns, (j) => {
        const sum = `sum${i * columns + j}`;
        return `  ${sum} = ${parts.multiplyAdd(`p${i}`, `q${j}`, sum)};`;
      }),
    ]),
    "}",
    ...finish(parts, rows, columns),
  ];
  return parts.source(ACROSS * DOWN, multiplyIndex(sizes.batch, down, across), body.join("\n"));
}

/** Few enough that threads of a workgroup do not lie outside of a small result. */
const sumsAlong = (size: Index, threads: number): number =>
  size.kind === "constant" ? Math.max(1, Math.min(MOST, Math.ceil(size.value / threads))) : MOST;

/** How elements of an operand are read in the loop over k. */
interface Operand {
  /** Statements before the loop and at the start of each step. */
  readonly before: readonly string[];
  readonly each: readonly string[];
  /** The element of a line, by its name. */
  at(line: string): string;
}

/** Where an operand lies in a plain way, what lines and k contribute to addresses is computed apart. */
function operandOf(parts: DotParts, source: Source, side: Side, lines: readonly string[]): Operand {
  const { name, operand } = side;
  if (operand.lies === undefined) {
    parts.elementFunction(side, false);
    return { before: [], each: [], at: (line) => call(`${name}_at`, ["batch", line, "k", ...parts.scalars]) };
  }
  const { start, strides, slot } = operand.lies;
  const number = parts.kernel.slots.indexOf(slot);
  const named = (text: string): Index => {
    const variable = indexVariable(text, 0, 2 ** 31 - 1);
    if (variable.kind === "variable") source.name(variable, text);
    return variable;
  };
  const batch = addIndex(start, multiplyIndex(named("batch"), strides.batch));
  const lineAt = (line: string): string => source.index(addIndex(batch, multiplyIndex(named(line), strides.line)));
  return {
    before: lines.map((line) => `let ${name}_${line} = ${lineAt(line)};`),
    each: [`  let ${name}_k = ${source.index(multiplyIndex(named("k"), strides.k))};`],
    at: (line) => `load${number}(${name}_${line} + ${name}_k)`,
  };
}

/** The sums one after another, so that the code for one stands there once. */
function finish(parts: DotParts, rows: number, columns: number): readonly string[] {
  const sums = each(rows * columns, (s) => `sum${s}`);
  return [
    `var sums = array<${parts.element}, ${sums.length}>(${sums.join(", ")});`,
    `for (var i: i32 = 0; i < ${sums.length}; i++) {`,
    `  let row = first_row + i / ${columns};`,
    `  let column = first_column + x + i % ${columns} * ${ACROSS};`,
    "  let product = sums[i];",
    ...parts.finishOne(),
    "}",
  ];
}

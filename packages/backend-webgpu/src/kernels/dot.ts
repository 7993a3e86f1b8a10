import {
  addIndex,
  constantIndex,
  type DotKernel,
  type DotOperand,
  floorDiv,
  type Index,
  type IndexVariable,
  indexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { functionsFor } from "../wgsl/functions.ts";
import { wgsl } from "../wgsl/language.ts";
import type { KernelSource } from "../wgsl/source.ts";
import { type DotTile, tileOf } from "./dot-tile.ts";

/**
 * A matrix product: each workgroup computes a tile of the result, each of its threads 4 × 4 elements in registers. Slices
 * of both operands, `depth` steps of k deep, pass through workgroup memory as vectors of four lines.
 */
export function renderDot(kernel: DotKernel, sharedBytes: number): KernelSource {
  return new DotSource(kernel, tileOf(kernel, sharedBytes)).source();
}

interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  /** The row or column. */
  readonly line: IndexVariable;
  readonly lines: Index;
  /** Vectors of lines in a tile. */
  readonly vectors: number;
  readonly axis: "row" | "column";
}

class DotSource {
  readonly #kernel: DotKernel;
  readonly #tile: DotTile;
  readonly #element: string;
  readonly #scalars: readonly string[];
  readonly #declarations: string[] = [];
  readonly #vectors = new Set<number>();

  constructor(kernel: DotKernel, tile: DotTile) {
    this.#kernel = kernel;
    this.#tile = tile;
    this.#element = wgsl.type(kernel.type);
    this.#scalars = kernel.scalars.map((_, i) => `n${i}`);
  }

  source(): KernelSource {
    const { name, scalars, slots, sizes, a, b, row, column } = this.#kernel;
    const { rows, columns, threads } = this.#tile;
    const body = this.#body([
      { name: "a", operand: a, line: row, lines: sizes.rows, vectors: rows / 4, axis: "row" },
      { name: "b", operand: b, line: column, lines: sizes.columns, vectors: columns / 4, axis: "column" },
    ]);
    const declarations = this.#declarations.join("\n");
    const tiles = [ceilDiv(sizes.rows, rows), ceilDiv(sizes.columns, columns)];
    return {
      name,
      threads,
      groups: multiplyIndex(sizes.batch, ...tiles),
      scalars,
      slots: slots.map(({ dtype, access }, i) => ({ dtype, access, vectors: this.#vectors.has(i) })),
      declarations: [functionsFor(declarations + body), declarations].filter((text) => text !== "").join("\n"),
      body,
    };
  }

  #body(sides: readonly [Side, Side]): string {
    const { sizes } = this.#kernel;
    const { rows, columns, depth } = this.#tile;
    const source = this.#open();
    const across = source.index(ceilDiv(sizes.columns, columns));
    const down = source.index(ceilDiv(sizes.rows, rows));
    const lines = [
      "let at = i32(thread);",
      `let across = ${across};`,
      `let down = ${down};`,
      `let first_column = i32(group) % across * ${columns};`,
      `let first_row = i32(group) / across % down * ${rows};`,
      "let batch = i32(group) / across / down;",
      `let x = at % ${columns / 4};`,
      `let y = at / ${columns / 4};`,
      `let depth = ${source.index(sizes.k)};`,
      ...each4((i) => `var sum${i} = vec4<${this.#element}>();`),
      `for (var from: i32 = 0; from < depth; from += ${depth}) {`,
      ...sides.map((side) => this.#fill(side)),
      "  workgroupBarrier();",
      `  for (var k: i32 = 0; k < ${depth}; k++) {`,
      `    let p = a_tile[k * ${rows / 4} + y];`,
      `    let q = b_tile[k * ${columns / 4} + x];`,
      ...each4((i) => `    sum${i} = ${this.#multiplyAdd(`p[${i}]`, "q", `sum${i}`)};`),
      "  }",
      "  workgroupBarrier();",
      "}",
      `let row = first_row + y * 4;`,
      `let column = first_column + x * 4;`,
      ...each4((i) =>
        each4((j) => this.#call("finish", ["batch", `row + ${i}`, `column + ${j}`, `sum${i}[${j}]`])),
      ).flat(),
    ];
    this.#finish();
    return lines.join("\n");
  }

  #multiplyAdd(p: string, q: string, sum: string): string {
    return this.#element === "f32" ? `fma(vec4(${p}), ${q}, ${sum})` : `${p} * ${q} + ${sum}`;
  }

  /** Statements that bring a slice of an operand into workgroup memory. */
  #fill(side: Side): string {
    const { name, vectors, axis, operand } = side;
    const { depth, threads } = this.#tile;
    const { vector, alongLines } = this.#loading(side);
    this.#declarations.push(`var<workgroup> ${name}_tile: array<vec4<${this.#element}>, ${depth * vectors}>;`);
    if (vector) this.#vectorFunction(side);
    else this.#elementFunction(name, operand, side.line, side.lines);
    // neighbouring threads load what lies side by side
    const [k, v] = alongLines ? [`l / ${vectors}`, `l % ${vectors}`] : [`l % ${depth}`, `l / ${depth}`];
    const element = (i: number): string => call(`${name}_at`, ["batch", `line + ${i}`, "k", ...this.#scalars]);
    const value = vector
      ? call(`${name}_at`, ["batch", "line", "k", ...this.#scalars])
      : `vec4(${each4(element).join(", ")})`;
    return [
      `  for (var l: i32 = at; l < ${depth * vectors}; l += ${threads}) {`,
      `    let k = from + ${k};`,
      `    let line = first_${axis} + ${v} * 4;`,
      `    ${name}_tile[(${k}) * ${vectors} + ${v}] = ${value};`,
      "  }",
    ].join("\n");
  }

  /** How an operand is best loaded: by vectors of four lines, and along lines or along k. */
  #loading({ operand: { lies }, lines }: Side): { readonly vector: boolean; readonly alongLines: boolean } {
    if (lies === undefined) return { vector: false, alongLines: true };
    const { start, strides, slot } = lies;
    const alongLines = strides.line === constantIndex(1);
    const whole = [start, strides.batch, strides.k, lines].every((x) => x.multiple % 4 === 0);
    const vector = alongLines && whole && slot.dtype === "float32" && slot.access === "read";
    return { vector, alongLines: alongLines || strides.k !== constantIndex(1) };
  }

  /** `a_at(batch, line, k, …)`: four elements side by side. */
  #vectorFunction({ name, operand, lines }: Side): void {
    const { sizes, slots } = this.#kernel;
    const source = this.#open();
    const { start, strides, slot } = operand.lies!;
    const [batch, line, k] = ["batch", "line", "k"].map((letter) => indexVariable(letter, 0, 2 ** 31 - 1)) as [
      Index,
      Index,
      Index,
    ];
    for (const v of [batch, line, k]) if (v.kind === "variable") source.name(v, v.name);
    source.if(`k >= ${source.index(sizes.k)} || line >= ${source.index(lines)}`, () =>
      source.line("return vec4<f32>();"),
    );
    const address = addIndex(start, multiplyIndex(batch, strides.batch), line, multiplyIndex(k, strides.k));
    const number = slots.indexOf(slot);
    this.#vectors.add(number);
    source.line(`return vector${number}(${source.index(address)} / 4);`);
    this.#function(`${name}_at`, ["batch", "line", "k"], "vec4<f32>", source);
  }

  /** `a_at(batch, line, k, …)`: an element, 0 outside of the operand. */
  #elementFunction(name: string, { block }: DotOperand, line: IndexVariable, lines: Index): void {
    const { batch, k, sizes } = this.#kernel;
    const source = this.#open();
    source.name(batch, "batch");
    source.name(line, "line");
    source.name(k, "k");
    source.if(`k >= ${source.index(sizes.k)} || line >= ${source.index(lines)}`, () =>
      source.line(`return ${this.#element}();`),
    );
    source.statements(block.statements);
    source.line(`return ${source.value(block.value)};`);
    this.#function(`${name}_at`, ["batch", "line", "k"], this.#element, source);
  }

  /** `finish(batch, row, column, product, …)`: what is done with an element of the result. */
  #finish(): void {
    const { batch, row, column, product, sizes, epilogue } = this.#kernel;
    const source = this.#open();
    source.if(`row >= ${source.index(sizes.rows)} || column >= ${source.index(sizes.columns)}`, () =>
      source.line("return;"),
    );
    source.name(batch, "batch");
    source.name(row, "row");
    source.name(column, "column");
    source.name(product, "product");
    source.statements(epilogue);
    const parameters = ["batch: i32", "row: i32", "column: i32", `product: ${this.#element}`, ...this.#parameters()];
    this.#declarations.push(`fn finish(${parameters.join(", ")}) {\n${source.text}\n}`);
  }

  #function(name: string, numbers: readonly string[], result: string, { text }: Source): void {
    const parameters = [...numbers.map((n) => `${n}: i32`), ...this.#parameters()];
    this.#declarations.push(`fn ${name}(${parameters.join(", ")}) -> ${result} {\n${text}\n}`);
  }

  #parameters(): readonly string[] {
    return this.#scalars.map((name) => `${name}: i32`);
  }

  #call(name: string, operands: readonly string[]): string {
    return `${call(name, [...operands, ...this.#scalars])};`;
  }

  #open(): Source {
    return new Source(wgsl, this.#kernel);
  }
}

const call = (name: string, operands: readonly string[]): string => `${name}(${operands.join(", ")})`;
const each4 = <T>(make: (i: number) => T): readonly T[] => [0, 1, 2, 3].map(make);
const ceilDiv = (x: Index, by: number): Index => floorDiv(addIndex(x, by - 1), by);

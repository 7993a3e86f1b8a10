import type { DotKernel, DotOperand, Index, IndexVariable } from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { functionsFor } from "../wgsl/functions.ts";
import { wgsl, wgslFor } from "../wgsl/language.ts";
import type { KernelSource } from "../wgsl/source.ts";

/** An operand with the axis of the result that it has. */
export interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  /** The row or column. */
  readonly line: IndexVariable;
  readonly lines: Index;
  readonly axis: "row" | "column";
}

export const each = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));
export const call = (name: string, operands: readonly string[]): string => `${name}(${operands.join(", ")})`;

/** The declarations of a product: how elements of its operands are read, and what is done with each sum. */
export class DotParts {
  readonly kernel: DotKernel;
  /** The type of sums. */
  readonly element: string;
  /** What functions are given that need the kernel's scalars. */
  readonly scalars: readonly string[];
  readonly vectors = new Set<number>();
  readonly sides: readonly [Side, Side];
  readonly #declarations: string[] = [];

  constructor(kernel: DotKernel) {
    const { a, b, row, column, sizes } = kernel;
    this.kernel = kernel;
    this.element = wgsl.type(kernel.type);
    this.scalars = kernel.scalars.map((_, i) => `n${i}`);
    this.sides = [
      { name: "a", operand: a, line: row, lines: sizes.rows, axis: "row" },
      { name: "b", operand: b, line: column, lines: sizes.columns, axis: "column" },
    ];
  }

  open(): Source {
    return new Source(wgslFor(this.kernel.slots), this.kernel);
  }

  declare(text: string): void {
    this.#declarations.push(text);
  }

  /** `name(parameters…, scalars…)`; the numbers come first and are i32. */
  function(name: string, numbers: readonly string[], result: string, { text }: Source): void {
    const parameters = [...numbers, ...this.scalars].map((n) => `${n}: i32`);
    this.declare(`fn ${name}(${parameters.join(", ")}) -> ${result} {\n${text}\n}`);
  }

  /** `a_at(batch, line, k, …)`: an element. Beyond the operand it is 0 if `bounded`, and must not be asked for otherwise. */
  elementFunction({ name, operand: { block }, line, lines }: Side, bounded: boolean): void {
    const { batch, k, sizes } = this.kernel;
    const source = this.open();
    source.name(batch, "batch");
    source.name(line, "line");
    source.name(k, "k");
    if (bounded)
      source.if(`k >= ${source.index(sizes.k)} || line >= ${source.index(lines)}`, () =>
        source.line(`return ${this.element}();`),
      );
    source.statements(block.statements);
    source.line(`return ${source.value(block.value)};`);
    this.function(`${name}_at`, ["batch", "line", "k"], this.element, source);
  }

  /**
   * Statements that finish element `product` at `row` and `column`, names that are known there, unless it is outside of the
   * result.
   */
  finishOne(): readonly string[] {
    const { batch, row, column, product, sizes, epilogue } = this.kernel;
    const source = this.open();
    source.name(batch, "batch");
    source.name(row, "row");
    source.name(column, "column");
    source.name(product, "product");
    source.statements(epilogue);
    return [`if (row < ${source.index(sizes.rows)} && column < ${source.index(sizes.columns)}) {`, source.text, "}"];
  }

  /** `sum + p · q`, of numbers or of vectors. */
  multiplyAdd(p: string, q: string, sum: string): string {
    return this.element === "f32" ? `fma(${p}, ${q}, ${sum})` : `${p} * ${q} + ${sum}`;
  }

  source(threads: number, groups: Index, body: string): KernelSource {
    const { name, scalars, slots } = this.kernel;
    const declarations = this.#declarations.join("\n");
    return {
      name,
      threads,
      groups,
      scalars,
      slots: slots.map(({ dtype, access }, i) => ({ dtype, access, vectors: this.vectors.has(i) })),
      declarations: [functionsFor(declarations + body), declarations].filter((text) => text !== "").join("\n"),
      body,
    };
  }
}

import type { DType, Precision } from "@tenon/ir";
import {
  addIndex,
  and,
  atMost,
  type ColumnSum,
  constantIndex,
  type DotKernel,
  type DotOperand,
  floorDiv,
  type Index,
  type IndexVariable,
  indexVariable,
  KernelWriter,
  lessThan,
  modIndex,
  multiplyIndex,
  type Slot,
  type Value,
} from "@tenon/lowering";
import { roundedFactor } from "../../../lowering/src/emit/factor.ts";
import type { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { buffer } from "./template.test-kit.ts";

/**
 * How an operand lies: which of its axes has its elements side by side; `computed` ones are twice what is in memory, and
 * windows are those of an image, two by two, with zeros around.
 */
export type Layout =
  | "k last"
  | "lines last"
  | "k last, computed"
  | "lines last, computed"
  | "windows"
  | "windows of 4 channels";
export type Epilogue = "store" | "bias, relu and residual" | "masked and transposed" | "column sums";

export interface ProductCase {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly k: number;
  readonly type: DotKernel["type"];
  /** Of the operands in memory. */
  readonly dtype?: DType;
  /** For targets that round factors by themselves. */
  readonly mul?: Precision;
  readonly a: Layout;
  readonly b: Layout;
  readonly epilogue: Epilogue;
  /** Whether the sizes are scalars of the launch. */
  readonly symbolic?: boolean;
}

export interface Product {
  readonly kernel: DotKernel;
  readonly memories: () => readonly Memory[];
  readonly scalars: readonly number[];
}

/** More than any size here. */
const MOST = 2000;
/** Columns of the image that windows are taken of. */
const WIDTH = 3;

interface Line {
  readonly axis: IndexVariable;
  readonly size: Index;
}

export function productOf(c: ProductCase): Product {
  const { type, symbolic = false, dtype = type, mul = "same" } = c;
  const numbers = [c.batch, c.rows, c.columns, c.k];
  const [batches, rows, columns, depth] = numbers.map((n, i) =>
    symbolic ? indexVariable("BMNK"[i]!, 0, MOST) : constantIndex(n),
  ) as [Index, Index, Index, Index];
  const axis = (name: string, n: number): IndexVariable =>
    indexVariable(name, 0, symbolic ? MOST : Math.max(1, n - 1)) as IndexVariable;
  const [batch, row, column, k] = numbers.map((n, i) => axis("bmnk"[i]!, n)) as [
    IndexVariable,
    IndexVariable,
    IndexVariable,
    IndexVariable,
  ];
  const memories: (() => Memory)[] = [];
  const slots: Slot[] = [];
  const take = (w: KernelWriter, of: DType, count: number, seed?: number): Slot => {
    const slot = w.slot(of, seed === undefined ? "write" : "read");
    slots.push(slot);
    memories.push(() => buffer(of, count, seed));
    return slot;
  };

  const made = (w: KernelWriter, value: Value, lies: DotOperand["lies"]): DotOperand => {
    const given = { block: w.block(w.alu("convert", [value], type)), lies };
    if (mul === "same") return given;
    const block = w.block(w.alu("convert", [roundedFactor(w, value, mul)], type));
    return { block, lies: undefined, unrounded: given };
  };
  const operand = (layout: Layout, line: Line, lines: number): DotOperand => {
    const w = new KernelWriter();
    if (layout.startsWith("windows")) {
      const channels = layout === "windows" ? 1 : 4;
      const height = Math.ceil(lines / WIDTH) + 1;
      const slot = take(w, dtype, c.batch * height * WIDTH * channels, slots.length + 1);
      const tap = floorDiv(k, channels);
      const y = addIndex(floorDiv(line.axis, WIDTH), floorDiv(tap, 2), -1);
      const x = addIndex(modIndex(line.axis, WIDTH), modIndex(tap, 2), -1);
      const inside = and(atMost(0, y), lessThan(y, height), atMost(0, x), lessThan(x, WIDTH));
      const pixel = addIndex(multiplyIndex(batch, height * WIDTH), multiplyIndex(y, WIDTH), x);
      const address = addIndex(multiplyIndex(pixel, channels), modIndex(k, channels));
      const value = w.load(slot, address, inside);
      const zero = w.constant(value.type, 0);
      return made(w, w.alu("select", [w.test(inside), value, zero]), undefined);
    }
    const slot = take(w, dtype, c.batch * lines * c.k, slots.length + 1);
    const one = constantIndex(1);
    const [lineStride, kStride] = layout.startsWith("k last") ? [depth, one] : [one, line.size];
    const strides = { batch: multiplyIndex(line.size, depth), line: lineStride, k: kStride };
    const address = addIndex(
      multiplyIndex(batch, strides.batch),
      multiplyIndex(line.axis, strides.line),
      multiplyIndex(k, strides.k),
    );
    const loaded = w.load(slot, address);
    if (!layout.endsWith("computed")) return made(w, loaded, { slot, start: constantIndex(0), strides });
    return made(w, w.alu("mul", [loaded, w.constant(loaded.type, 2)]), undefined);
  };
  const [a, b] = [
    operand(c.a, { axis: row, size: rows }, c.rows),
    operand(c.b, { axis: column, size: columns }, c.columns),
  ];

  const w = new KernelWriter();
  const product = w.given(type);
  const columnSums: ColumnSum[] = [];
  const place = addIndex(multiplyIndex(addIndex(multiplyIndex(batch, rows), row), columns), column);
  const count = c.batch * c.rows * c.columns;
  switch (c.epilogue) {
    case "store":
      w.store(take(w, type, count), place, product);
      break;
    case "bias, relu and residual": {
      const bias = w.load(take(w, type, c.columns, 11), column);
      const residual = w.load(take(w, type, count, 12), place);
      const sum = w.alu("add", [product, bias]);
      const active = w.alu("maximum", [sum, w.constant(type, 0)]);
      w.store(take(w, type, count), place, sum);
      w.store(take(w, type === "float32" ? "bfloat16" : type, count), place, w.alu("add", [active, residual]));
      break;
    }
    case "masked and transposed": {
      const mask = w.load(take(w, "bool", count, 13), place);
      const scale = w.load(take(w, type, c.rows, 14), row);
      const chosen = w.alu("select", [mask, w.alu("mul", [product, scale]), w.constant(type, 1)]);
      const turned = addIndex(multiplyIndex(addIndex(multiplyIndex(batch, columns), column), rows), row);
      w.store(take(w, type, count), turned, chosen);
      break;
    }
    case "column sums": {
      const value = w.alu("maximum", [product, w.constant(type, 1)]);
      w.store(take(w, type, count), place, value);
      columnSums.push({ value, slot: take(w, type, c.columns), address: column });
      columnSums.push({ value: product, slot: take(w, type, c.columns), address: column });
    }
  }
  const kernel: DotKernel = {
    ...{ kind: "dot", name: "product", slots, batch, row, column, k, type, a, b, product, columnSums },
    ...{ dtype, mul },
    scalars: symbolic ? ([batches, rows, columns, depth] as IndexVariable[]) : [],
    sizes: { batch: batches, rows, columns, k: depth },
    epilogue: w.statements,
  };
  return { kernel, memories: () => memories.map((make) => make()), scalars: symbolic ? numbers : [] };
}

export const layouts: readonly Layout[] = [
  ...(["k last", "lines last", "k last, computed", "lines last, computed"] as const),
  ...(["windows", "windows of 4 channels"] as const),
];

/** Numbers that repeat from run to run. */
export function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
    return Math.floor((state / 2 ** 32) * below);
  };
}

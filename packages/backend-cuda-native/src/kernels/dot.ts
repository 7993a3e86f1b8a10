import {
  addIndex,
  constantIndex,
  type DotKernel,
  type DotOperand,
  floorDiv,
  type Index,
  type IndexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { cudaFor, types } from "../cuda/language.ts";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import { type DotTile, tileOf } from "./dot-tile.ts";

const ceilDiv = (x: Index, by: number): Index => floorDiv(addIndex(x, by - 1), by);

/** An operand with the axis of the result that it has. */
interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  readonly line: IndexVariable;
  readonly lines: Index;
  /** The name of the tile's first line, and how many lines it has. */
  readonly first: string;
  readonly count: number;
}

/**
 * A product by tiles: slices of both operands, `depth` steps of k deep, pass through memory that a block shares, and each
 * thread adds up `size` × `size` elements from them in registers. Sums of float32 are fused, in the order of k.
 */
export function renderDot(kernel: DotKernel): KernelSource {
  const tile = tileOf(kernel);
  const { rows, columns, depth, size, threads } = tile;
  const { name, sizes, scalars, slots } = kernel;
  const element = types[kernel.type];
  const source = new Source(cudaFor(slots), kernel);
  const [down, across] = [ceilDiv(sizes.rows, rows), ceilDiv(sizes.columns, columns)];
  const width = columns / size; // threads along a row of the tile
  const sides: readonly Side[] = [
    { name: "a", operand: kernel.a, line: kernel.row, lines: sizes.rows, first: "first_row", count: rows },
    { name: "b", operand: kernel.b, line: kernel.column, lines: sizes.columns, first: "first_column", count: columns },
  ];
  source.line(`const int across = ${source.index(across)};`);
  source.line(`const int down = ${source.index(down)};`);
  source.line(`const int first_column = group % across * ${columns};`);
  source.line(`const int first_row = group / across % down * ${rows};`);
  source.line("const int batch = group / across / down;");
  // neighbouring threads have neighbouring columns, so that what they store lies side by side
  source.line(`const int x = thread % ${width};`);
  source.line(`const int y = thread / ${width};`);
  source.line(`${element} sums[${size}][${size}];`);
  source.line(`for (int i = 0; i < ${size}; i++) for (int j = 0; j < ${size}; j++) sums[i][j] = 0;`);
  source.nested(`for (int step = 0; step < ${source.index(sizes.k)}; step += ${depth})`, () => {
    for (const side of sides) fill(source, kernel, side, tile);
    source.line("__syncthreads();");
    source.nested(`for (int k = 0; k < ${depth}; k++)`, () => {
      source.line(`${element} p[${size}], q[${size}];`);
      source.line(`for (int i = 0; i < ${size}; i++) p[i] = a_tile[k * ${rows} + y + i * ${rows / size}];`);
      source.line(`for (int j = 0; j < ${size}; j++) q[j] = b_tile[k * ${columns} + x + j * ${width}];`);
      source.line(`for (int i = 0; i < ${size}; i++)`);
      source.line(
        `  for (int j = 0; j < ${size}; j++) sums[i][j] = ${multiplyAdd(element, "p[i]", "q[j]", "sums[i][j]")};`,
      );
    });
    source.line("__syncthreads();");
  });
  source.nested(`for (int i = 0; i < ${size}; i++) for (int j = 0; j < ${size}; j++)`, () => {
    source.line(`const int row = first_row + y + i * ${rows / size};`);
    source.line(`const int column = first_column + x + j * ${width};`);
    source.line(`const ${element} product = sums[i][j];`);
    source.nested(`if (row < ${source.index(sizes.rows)} && column < ${source.index(sizes.columns)})`, () => {
      for (const [variable, text] of [
        [kernel.batch, "batch"],
        [kernel.row, "row"],
        [kernel.column, "column"],
        [kernel.product, "product"],
      ] as const)
        source.name(variable, text);
      source.statements(kernel.epilogue);
    });
  });
  const declarations = sides
    .map((side) => `TENON_SHARED(${element}, ${side.name}_tile, ${depth * side.count});`)
    .join("\n");
  const groups = multiplyIndex(sizes.batch, down, across);
  return kernelSource({ name, threads, groups, scalars, slots, declarations, body: source.text });
}

const multiplyAdd = (element: string, p: string, q: string, sum: string): string => {
  if (element === "float") return `fmaf(${p}, ${q}, ${sum})`;
  if (element === "double") return `fma(${p}, ${q}, ${sum})`;
  return `(${element})((unsigned)${sum} + (unsigned)${p} * (unsigned)${q})`;
};

/** Brings a slice of an operand into shared memory, zeros where there is none. */
function fill(source: Source, kernel: DotKernel, side: Side, { depth, threads }: DotTile): void {
  const { name, operand, line, lines, first, count } = side;
  const { block, lies } = operand;
  // neighbouring threads load what lies side by side
  const alongK = lies !== undefined && lies.strides.k === constantIndex(1);
  const [k, l] = alongK ? [`at % ${depth}`, `at / ${depth}`] : [`at / ${count}`, `at % ${count}`];
  source.nested(`for (int at = thread; at < ${depth * count}; at += ${threads})`, () => {
    source.line(`const int line = ${first} + ${l};`);
    source.line(`const int k = step + ${k};`);
    source.line(`${types[kernel.type]} value = 0;`);
    source.nested(`if (line < ${source.index(lines)} && k < ${source.index(kernel.sizes.k)})`, () => {
      source.name(kernel.batch, "batch");
      source.name(line, "line");
      source.name(kernel.k, "k");
      source.statements(block.statements);
      source.line(`value = ${source.value(block.value)};`);
    });
    source.line(`${name}_tile[(${k}) * ${count} + ${l}] = value;`);
  });
}

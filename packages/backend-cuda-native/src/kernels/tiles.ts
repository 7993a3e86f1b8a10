import {
  always,
  ceilDiv,
  type DotKernel,
  type DotOperand,
  type Index,
  type IndexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { loadOf } from "./side-by-side.ts";

/** An operand with the axis of the result that it has. */
export interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  readonly line: IndexVariable;
  readonly lines: Index;
  /** The name of the tile's first line, and how many lines it has. */
  readonly first: string;
  readonly count: number;
}

interface TileSizes {
  readonly rows: number;
  readonly columns: number;
}

/** The operands of tiles. */
export function sidesOf({ a, b, row, column, sizes }: DotKernel, tile: TileSizes): readonly [Side, Side] {
  return [
    { name: "a", operand: a, line: row, lines: sizes.rows, first: "first_row", count: tile.rows },
    { name: "b", operand: b, line: column, lines: sizes.columns, first: "first_column", count: tile.columns },
  ];
}

/** Says which tile a block computes, of which product of the batch. Gives the number of blocks. */
export function beginTile(source: Source, { sizes }: DotKernel, { rows, columns }: TileSizes): Index {
  const [down, across] = [ceilDiv(sizes.rows, rows), ceilDiv(sizes.columns, columns)];
  source.line(`const int across = ${source.index(across)};`);
  source.line(`const int down = ${source.index(down)};`);
  source.line(`const int first_column = group % across * ${columns};`);
  source.line(`const int first_row = group / across % down * ${rows};`);
  source.line("const int batch = group / across / down;");
  return multiplyIndex(sizes.batch, down, across);
}

/** Whether the operand has an element at `line` and `k`. */
export const isThere = (source: Source, { sizes }: DotKernel, { lines }: Side): string =>
  `line < ${source.index(lines)} && k < ${source.index(sizes.k)}`;

/** The element at `batch`, `line` and `k`, as the operand computes it. */
export function elementAt(source: Source, kernel: DotKernel, { operand: { block }, line }: Side): string {
  nameElement(source, kernel, line);
  source.statements(block.statements);
  return source.value(block.value);
}

/** Where elements that are loaded at once lie, from that at `batch`, `line` and `k` on. */
export function placeAt(source: Source, kernel: DotKernel, { operand, line }: Side): { slot: string; address: string } {
  const { slot, address } = loadOf(operand.block.value)!;
  nameElement(source, kernel, line);
  return { slot: `s${source.slot(slot)}`, address: source.index(address) };
}

/** Whether they are there, all or none. */
export function areThere(source: Source, kernel: DotKernel, side: Side): string {
  const { mask } = loadOf(side.operand.block.value)!;
  const within = isThere(source, kernel, side);
  nameElement(source, kernel, side.line);
  return mask === always ? within : `${within} && (${source.index(mask)})`;
}

function nameElement(source: Source, { batch, k }: DotKernel, line: IndexVariable): void {
  source.name(batch, "batch");
  source.name(line, "line");
  source.name(k, "k");
}

/** What is done with a sum of the tile at `row` and `column`, which `product` is the name of once `begin` is written. */
export function finishElement(source: Source, kernel: DotKernel, begin: () => void): void {
  const { batch, row, column, product, sizes, epilogue } = kernel;
  source.if(`row < ${source.index(sizes.rows)} && column < ${source.index(sizes.columns)}`, () => {
    begin();
    source.name(batch, "batch");
    source.name(row, "row");
    source.name(column, "column");
    source.name(product, "product");
    source.statements(epilogue);
  });
}

import { ceilDiv, type DotKernel, type Index, maximum, minimum, multiplyIndex } from "@tenon/lowering";
import { type Level, ROW_BYTES, type TileShape, tileShape } from "./dot-tile.ts";
import { roundUp, Scratch } from "./scratch.ts";

/** Steps of k in a block: a panel of A and one of B fit in a first-level cache of 32 KB. */
const MAX_DEPTH = 400;
/** Rows of A in a block, a multiple of every tile's: with the depth above 150 KB, which fits in a second-level cache. */
export const BLOCK_ROWS = 96;
/** Columns of B that are packed at once. */
export const MAX_COLUMNS = 512;
/** Rows whose sums are kept from one block of k to the next, a multiple of `BLOCK_ROWS`. */
export const KEPT_ROWS = 384;

/** How a product is cut into blocks, and where they lie in scratch memory. Sizes are of elements, places of bytes. */
export interface DotPlan {
  readonly tile: TileShape;
  readonly depth: Index;
  /** Whether all of k is one block, so that no sums have to be kept. */
  readonly single: boolean;
  readonly keptRows: Index;
  readonly packedB: Index;
  readonly packedA: Index;
  readonly sums: Index;
  /** One row for each column sum. */
  readonly columnSums: readonly Index[];
  readonly bytes: Index;
}

export function planDot({ type, sizes, columnSums }: DotKernel, level: Level): DotPlan {
  const tile = tileShape(type, level);
  const blocks = maximum(1, ceilDiv(sizes.k, MAX_DEPTH));
  const single = blocks.high === 1;
  const depth = single ? sizes.k : roundUp(ceilDiv(sizes.k, blocks), 4); // blocks of k are alike
  const columns = roundUp(minimum(sizes.columns, MAX_COLUMNS), tile.columns);
  const keptRows = roundUp(minimum(sizes.rows, KEPT_ROWS), tile.rows);

  const scratch = new Scratch();
  return {
    tile,
    depth,
    single,
    keptRows,
    packedB: scratch.take(multiplyIndex(depth, columns, tile.bytes)),
    packedA: scratch.take(multiplyIndex(depth, roundUp(minimum(sizes.rows, BLOCK_ROWS), tile.rows), tile.bytes)),
    sums: scratch.take(single ? multiplyIndex(tile.rows, ROW_BYTES) : multiplyIndex(keptRows, columns, tile.bytes)),
    columnSums: columnSums.map(({ value }) =>
      scratch.take(multiplyIndex(sizes.columns, value.type === "float64" ? 8 : 4)),
    ),
    bytes: scratch.bytes,
  };
}

/** Bytes of scratch memory that the kernel needs, at an address that is a multiple of 64. */
export const dotScratchBytes = (kernel: DotKernel, level: Level): Index => planDot(kernel, level).bytes;

/**
 * How many parts the kernel can be divided into: it takes the range of those it computes. Sums over rows are
 * taken by one.
 */
export function dotParts({ sizes, columnSums }: DotKernel): Index {
  return columnSums.length > 0 ? maximum(1) : multiplyIndex(sizes.batch, ceilDiv(sizes.rows, BLOCK_ROWS));
}

import type { DotKernel, Index } from "@tenon/lowering";

/** What a workgroup computes at once: a tile of the result, in steps of `depth` along k. */
export interface DotTile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly threads: number;
}

const DEPTH = 16;
/** Bytes of workgroup memory without which there are no tiles. */
export const MIN_SHARED = 4096;
/** What a size that is not known is taken for. */
const UNKNOWN = 128;
/** So many elements are enough tiles of 64 × 64 to keep a device busy. */
const LARGE = 2 ** 20;

/** Large tiles read less, small ones keep more of the device busy, narrow ones waste less. */
export function tileOf({ sizes }: DotKernel, sharedBytes: number): DotTile {
  const [rows, columns] = [sizes.rows, sizes.columns].map(likely) as [number, number];
  const most = rows * columns * likely(sizes.batch) >= LARGE ? 64 : 32;
  const [down, across] = [side(rows, most), side(columns, most)];
  const depth = Math.min(DEPTH, 2 ** Math.floor(Math.log2(sharedBytes / (4 * (down + across)))));
  return { rows: down, columns: across, depth, threads: (down * across) / 16 };
}

const likely = (size: Index): number => (size.kind === "constant" ? size.value : Math.min(size.high, UNKNOWN));
const side = (size: number, most: number): number =>
  Math.min(most, Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, size)))));

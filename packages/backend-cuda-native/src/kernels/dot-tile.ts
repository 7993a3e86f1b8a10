import type { DotKernel } from "@tenon/lowering";
import { likely } from "./likely.ts";

/** What a block computes at once: a tile of the result, in steps of `depth` along k, by threads of `size` × `size` sums. */
export interface DotTile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly size: number;
  readonly threads: number;
}

const DEPTH = 16;
/** So many elements are enough tiles of 128 × 128 to keep a device of about a hundred multiprocessors busy. */
const LARGE = 2 ** 21;
const MEDIUM = 2 ** 18;

/** Large tiles read less, small ones keep more of the device busy, narrow ones waste less. */
export function tileOf({ sizes }: DotKernel): DotTile {
  const [rows, columns] = [sizes.rows, sizes.columns].map(likely) as [number, number];
  const elements = rows * columns * likely(sizes.batch);
  const most = elements >= LARGE ? 128 : elements >= MEDIUM ? 64 : 32;
  const [down, across] = [side(rows, most), side(columns, most)];
  const size = Math.min(down, across) >= 128 ? 8 : Math.min(down, across) >= 32 ? 4 : 2;
  return { rows: down, columns: across, depth: DEPTH, size, threads: (down * across) / size ** 2 };
}

const side = (size: number, most: number): number =>
  Math.min(most, Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, size)))));

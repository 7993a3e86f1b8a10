import type { DotKernel } from "@tenon/lowering";
import { SHARED_BYTES } from "../capabilities.ts";
import type { GroupColumns } from "../cuda/warpgroup.ts";
import { likely } from "./likely.ts";
import { bufferOf, padded } from "./matrix-lay.ts";

/** What a block computes at once: a tile of the result, of which each warp has a part. */
export interface MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /** Of a warp. */
  readonly part: { readonly rows: number; readonly columns: number };
  /** Of a team. */
  readonly threads: number;
  /** Teams of threads that take slices in turn, each with sums of its own, which are added up in the end. */
  readonly teams: number;
  /** Whether four warps multiply together, which is an affair of sm_90a. */
  readonly groups: boolean;
}

/** So many elements are enough tiles of 128 × 128 to keep a device of about a hundred multiprocessors busy. */
const LARGE = 2 ** 21;
const MEDIUM = 2 ** 18;
/** And so many enough of 128 × 256. */
const HUGE = 2 ** 22;
/** The generation of devices, H100 and its likes, that has instructions for four warps. */
const GROUPS_MAJOR = 9;
const SMALLEST = 32;
/** With fewer blocks there is not one for each multiprocessor of a large device. */
const FEW = 128;
const MOST_THREADS = 512;
/** Terms of which a team has a few slices. */
const ENOUGH = 128;
/** With fewer rows, columns or terms most of a tile would be zeros. */
const LEAST = 9;

/** Large tiles read less, small ones keep more of the device busy, narrow ones waste less. Undefined where another kernel is better. */
export function matrixTileOf({ sizes }: Pick<DotKernel, "sizes">, major: number): MatrixTile | undefined {
  const [rows, columns, k] = [sizes.rows, sizes.columns, sizes.k].map(likely) as [number, number, number];
  if (Math.min(rows, columns, k) < LEAST) return undefined;
  const elements = rows * columns * likely(sizes.batch);
  if (major === GROUPS_MAJOR && elements >= LARGE && rows >= 128 && columns >= 128)
    return groupTile(elements >= HUGE && columns >= 256 ? 256 : 128);
  const most = elements >= LARGE ? 128 : elements >= MEDIUM ? 64 : SMALLEST;
  const tile = matrixTile(side(rows, most), side(columns, most));
  const blocks = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * likely(sizes.batch);
  return blocks >= FEW ? tile : { ...tile, teams: teamsOf(tile, k) };
}

/** As many teams as have shared memory and enough terms to add up: where there are few blocks, more threads hide what loads take. */
function teamsOf(tile: MatrixTile, k: number): number {
  let teams = 1;
  const fit = (count: number): boolean =>
    count * tile.threads <= MOST_THREADS && count * 2 * bufferOf(tile, padded) * 4 <= SHARED_BYTES;
  while (fit(2 * teams) && k >= 2 * teams * ENOUGH) teams *= 2;
  return teams;
}

/** A tile with sides of 32, 64 or 128. A warp has at most 64 × 32 elements, whose sums are 64 registers of each lane. */
export function matrixTile(rows: number, columns: number): MatrixTile {
  const warps = { down: rows === 128 && columns < 128 ? 4 : 2, across: columns === 128 ? 4 : 2 };
  const part = { rows: rows / warps.down, columns: columns / warps.across };
  return { rows, columns, part, threads: 32 * warps.down * warps.across, teams: 1, groups: false };
}

/** A tile of two warpgroups, each of which has 64 rows. */
export const groupTile = (columns: GroupColumns): MatrixTile => ({
  ...{ rows: 128, columns, threads: 256, teams: 1, groups: true },
  part: { rows: 16, columns },
});

const side = (size: number, most: number): number =>
  Math.min(most, Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size))));

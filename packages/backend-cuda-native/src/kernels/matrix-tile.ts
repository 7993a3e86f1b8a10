import type { DotKernel, Index } from "@tenon/lowering";

/** What a block computes at once: a tile of the result, of which each warp has a part. */
export interface MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /** Of a warp. */
  readonly part: { readonly rows: number; readonly columns: number };
  readonly threads: number;
}

/** What a size that is not known is taken for. */
const UNKNOWN = 128;
/** So many elements are enough tiles of 128 × 128 to keep a device of about a hundred multiprocessors busy. */
const LARGE = 2 ** 21;
const MEDIUM = 2 ** 18;
const SMALLEST = 32;
/** With fewer rows, columns or terms most of a tile would be zeros. */
const LEAST = 9;

/** Large tiles read less, small ones keep more of the device busy, narrow ones waste less. Undefined where another kernel is better. */
export function matrixTileOf({ sizes }: Pick<DotKernel, "sizes">): MatrixTile | undefined {
  const [rows, columns, k] = [sizes.rows, sizes.columns, sizes.k].map(likely) as [number, number, number];
  if (Math.min(rows, columns, k) < LEAST) return undefined;
  const elements = rows * columns * likely(sizes.batch);
  const most = elements >= LARGE ? 128 : elements >= MEDIUM ? 64 : SMALLEST;
  return matrixTile(side(rows, most), side(columns, most));
}

/** A tile with sides of 32, 64 or 128. A warp has at most 64 × 32 elements, whose sums are 64 registers of each lane. */
export function matrixTile(rows: number, columns: number): MatrixTile {
  const warps = { down: rows === 128 && columns < 128 ? 4 : 2, across: columns === 128 ? 4 : 2 };
  const part = { rows: rows / warps.down, columns: columns / warps.across };
  return { rows, columns, part, threads: 32 * warps.down * warps.across };
}

const likely = (size: Index): number => (size.kind === "constant" ? size.value : Math.min(size.high, UNKNOWN));
const side = (size: number, most: number): number =>
  Math.min(most, Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size))));

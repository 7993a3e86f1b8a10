import type { Index, Strided } from "@tenon/lowering";
import { SHARED_BYTES } from "../capabilities.ts";
import type { Format } from "./fours.ts";

/** Features are multiples of this, the rest zeros: two tiles of columns, or a step along k of 16-bit factors. */
const WHOLE = 16;

/** How rows of an operand lie in shared memory, in words: 8 of them begin at 8 multiples of 4 banks, for `ldmatrix`. */
export interface Lines {
  /** That are there, and with the zeros behind them. */
  readonly features: number;
  readonly padded: number;
  readonly words: number;
  readonly pitch: number;
}

export function linesOf({ sizes }: Pick<Strided, "sizes">, { inWord }: Format): Lines {
  const features = (sizes[3] as Index & { readonly kind: "constant" }).value;
  const padded = Math.ceil(features / WHOLE) * WHOLE;
  const words = padded / inWord;
  return { features, padded, words, pitch: words + 4 };
}

/** What a block goes over at a time. */
export interface AttentionTile {
  readonly warps: 2 | 4;
  /** A warp's own rows by 16, which is what `mma` takes: whatever it loads of the others is multiplied by all of them. */
  readonly high: 1 | 2;
  /** Rows of the axis that is gone over. */
  readonly others: number;
  /** With two the next rows come while those at hand are multiplied; with one they come as far as registers. */
  readonly buffers: 1 | 2;
  /** Where a block's own rows are meanwhile. */
  readonly held: "registers" | "shared";
}

/** Rows of a block. */
export const ownRows = ({ warps, high }: Pick<AttentionTile, "warps" | "high">): number => warps * 16 * high;

const counts = [64, 32, 16] as const;

const fits = (words: number): boolean => words * 4 <= SHARED_BYTES;

const pitchOf = (lines: readonly Lines[]): number => lines.reduce((sum, { pitch }) => sum + pitch, 0);

/** Words of a row's factors of which a warp has room for 32 rows. */
const MOST_HIGH = 32;

/**
 * Attention itself: as many keys as two buffers have room for, up to 64, whose scores are 32 registers of each lane. With `many` rows
 * warps may have 32 of them; keys that pass through registers are then half as many.
 */
export function forwardTile(
  others: readonly [Lines, Lines],
  { many, copied }: { many: boolean; copied: boolean },
): AttentionTile {
  const high = many && others.every(({ words }) => words <= MOST_HIGH) ? 2 : 1;
  const most = high === 2 && !copied ? 32 : 64;
  const count = counts.find((n) => n <= most && fits(2 * n * pitchOf(others)))!;
  return { warps: 4, high, others: count, buffers: 2, held: "registers" };
}

/** Most features of which a block's two operands, and the two sums of its derivative, have room in registers. */
const MOST_HELD = 64;

/** The derivative, which has scores and their cotangents at once. Where rows are long a block has fewer, and goes over fewer at a time. */
export function backwardTile(own: readonly [Lines, Lines]): AttentionTile {
  if (own.every(({ padded }) => padded <= MOST_HELD))
    return { warps: 4, high: 1, others: 32, buffers: 2, held: "registers" };
  const row = pitchOf(own);
  const sizes = (
    [
      [4, 16, 2],
      [4, 16, 1],
      [2, 8, 1],
    ] as const
  ).find(
    ([warps, others, buffers]) => fits(warps * 16 * row + buffers * others * (row + 2)), // two numbers of each row besides
  )!;
  const [warps, others, buffers] = sizes;
  return { warps, high: 1, others, buffers, held: "shared" };
}

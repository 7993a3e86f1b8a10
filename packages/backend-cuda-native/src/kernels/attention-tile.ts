import type { Index, Strided } from "@tenon/lowering";
import { SHARED_BYTES } from "../capabilities.ts";
import type { Format } from "./fours.ts";

/** Warps of a block, and its rows: 16 of each warp, which is what `mma` takes. */
export const THREADS = 128;
export const OWN = 64;

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
  /** Rows of the axis that is gone over. */
  readonly others: number;
  /** With two the next rows come while those at hand are multiplied; with one they come as far as registers. */
  readonly buffers: 1 | 2;
  /** Where a block's own rows are meanwhile. */
  readonly held: "registers" | "shared";
}

const counts = [64, 32, 16] as const;

const fits = (words: number): boolean => words * 4 <= SHARED_BYTES;

const pitchOf = (lines: readonly Lines[]): number => lines.reduce((sum, { pitch }) => sum + pitch, 0);

/** Attention itself: as many keys as two buffers have room for, up to 64, whose scores are 32 registers of each lane. */
export function forwardTile(others: readonly [Lines, Lines]): AttentionTile {
  const count = counts.find((n) => fits(2 * n * pitchOf(others)))!;
  return { others: count, buffers: 2, held: "registers" };
}

/** Most features of which a block's two operands, and the two sums of its derivative, have room in registers. */
const MOST_HELD = 64;

/** The derivative, which has scores and their cotangents at once. */
export function backwardTile(own: readonly [Lines, Lines]): AttentionTile {
  if (own.every(({ padded }) => padded <= MOST_HELD)) return { others: 32, buffers: 2, held: "registers" };
  const [held, row] = [OWN * pitchOf(own), pitchOf(own)];
  return { others: 16, buffers: fits(held + 2 * 16 * row + 4 * 16) ? 2 : 1, held: "shared" };
}

import { type Dim, dimSymbols, dimValue } from "@tenon/ir";

/** What a number of examples, say, is taken for that is not known. */
const UNKNOWN = 128;

/** What a size is taken for. */
export function likely(size: Dim): number {
  if (typeof size === "number") return size;
  const symbols = [...dimSymbols(size).values()];
  return dimValue(size, new Map(symbols.map(({ name, min, max }) => [name, Math.max(min, Math.min(max, UNKNOWN))])));
}

/** What the number of elements of such axes is taken for. */
export const likelyCount = (sizes: readonly Dim[]): number => sizes.reduce((n: number, size) => n * likely(size), 1);

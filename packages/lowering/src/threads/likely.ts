import { type Dim, type DimSymbol, dimSymbols, dimValue } from "@tenon/ir";

/** What a number of examples, say, is taken for that is not known. */
const UNKNOWN = 128;

/** What a size is taken for, which it may have. */
export function likely(size: Dim): number {
  if (typeof size === "number") return size;
  return dimValue(size, new Map([...dimSymbols(size)].map(([name, symbol]) => [name, near(symbol)])));
}

function near({ min, max, multiple }: DimSymbol): number {
  const most = Math.min(Math.floor(max / multiple), Math.round(UNKNOWN / multiple));
  return multiple * Math.max(1, Math.ceil(min / multiple), most);
}

/** What the number of elements of such axes is taken for. */
export const likelyCount = (sizes: readonly Dim[]): number => sizes.reduce((n: number, size) => n * likely(size), 1);

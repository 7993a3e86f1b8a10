/** Bytes in use at the times from `first` to `last`. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Which ranges are in use at once with each. */
export function neighboursOf(ranges: readonly Range[]): readonly (readonly number[])[] {
  const neighbours: number[][] = ranges.map(() => []);
  const order = ranges.map((_, i) => i).sort((i, j) => ranges[i]!.first - ranges[j]!.first);
  let live: number[] = [];
  for (const i of order) {
    live = live.filter((j) => ranges[j]!.last >= ranges[i]!.first);
    for (const j of live) {
      neighbours[i]!.push(j);
      neighbours[j]!.push(i);
    }
    live.push(i);
  }
  return neighbours;
}

/**
 * Offsets such that neighbours do not overlap: the largest first, each into the smallest gap between its neighbours that
 * holds it (greedy by size; Pisarchyk & Lee 2020, arXiv:2001.03288).
 */
export function placeBySize(
  sizes: readonly number[],
  neighbours: readonly (readonly number[])[],
): { readonly offsets: number[]; readonly bytes: number } {
  const order = sizes.map((_, i) => i).sort((i, j) => sizes[j]! - sizes[i]! || i - j);
  const offsets = sizes.map(() => -1);
  let bytes = 0;
  for (const i of order) {
    const size = sizes[i]!;
    const taken = neighbours[i]!.filter((j) => offsets[j]! >= 0).sort((j, k) => offsets[j]! - offsets[k]!);
    let [best, smallest, reached] = [-1, Number.POSITIVE_INFINITY, 0];
    for (const j of taken) {
      const gap = offsets[j]! - reached;
      if (gap >= size && gap < smallest) [best, smallest] = [reached, gap];
      reached = Math.max(reached, offsets[j]! + sizes[j]!);
    }
    offsets[i] = best < 0 ? reached : best;
    bytes = Math.max(bytes, offsets[i]! + size);
  }
  return { offsets, bytes };
}

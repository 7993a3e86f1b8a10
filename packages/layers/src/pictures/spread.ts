/**
 * The places nearest to those wanted, in the same order, with at least these gaps between neighbours: the least sum of
 * `weight·(place − wanted)²`.
 *
 * Without gaps it is isotonic regression, by merging neighbours that stand in each other's way. Barlow, Bartholomew, Bremner
 * & Brunk 1972, Statistical inference under order restrictions: pool adjacent violators.
 */
export function spread(
  wanted: readonly number[],
  gaps: readonly number[],
  weights: readonly number[] = wanted.map(() => 1),
): number[] {
  const shifts = [0];
  for (const gap of gaps) shifts.push(shifts.at(-1)! + gap);
  const pools: { sum: number; weight: number; count: number }[] = [];
  for (const [i, place] of wanted.entries()) {
    let pool = { sum: (place - shifts[i]!) * weights[i]!, weight: weights[i]!, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.sum / last.weight > pool.sum / pool.weight; ) {
      pool = { sum: last.sum + pool.sum, weight: last.weight + pool.weight, count: last.count + pool.count };
      pools.pop();
      last = pools.at(-1);
    }
    pools.push(pool);
  }
  return pools
    .flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight))
    .map((place, i) => place + shifts[i]!);
}

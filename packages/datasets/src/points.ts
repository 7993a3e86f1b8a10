import { checkOptions, HostRandom } from "@tenon/tensor";
import { Column } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { checkNumber, checkWhole } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";

export interface PointsOptions {
  /** The number of points, 200 by default. */
  readonly count?: number;
  /** Standard deviation by which points stray in each direction. */
  readonly noise?: number;
  readonly seed?: Seed;
}

const MAX_COUNT = 2 ** 26;

/**
 * Points of the plane in classes. x (count, 2), y (count)
 *
 * Point i is of class i mod `classes`, so that the classes alternate and a smaller set is the beginning of a larger one. Bits are the same on every machine.
 */
export function pointsInClasses(
  op: string,
  classes: number,
  { count = 200, noise, seed = 0 }: PointsOptions & { readonly noise: number },
  place: (label: number, random: HostRandom) => readonly [number, number],
): Dataset {
  checkWhole(op, "count", count, 0, MAX_COUNT);
  checkNumber(op, "noise", noise, 0);
  const random = new HostRandom(seedKey(op, "seed", seed));
  const x = new Float32Array(2 * count);
  const y = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    y[i] = i % classes;
    const [u, v] = place(i % classes, random);
    x[2 * i] = u + noise * random.normal();
    x[2 * i + 1] = v + noise * random.normal();
  }
  return dataset({ x: new Column(x, [count, 2]), y: new Column(y, [count]) });
}

/** Throws on an option that is none of these or of every set of points. */
export const checkPoints = (op: string, options: object, more: readonly string[] = []): void =>
  checkOptions(op, options, ["count", "noise", "seed", ...more]);

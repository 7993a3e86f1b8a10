import { checkOptions, HostRandom, hostFoldIn } from "@tenon/tensor";
import { checkWhole } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";

export interface CoinedNamesOptions {
  /** How many, 10,000 by default. */
  readonly count?: number;
  readonly seed?: Seed;
}

const BEGINNINGS = "a b br c ch d dr e el f g gr h i j k kr l m n o p r s sh st t th v w z".split(" ");
const VOWELS = "a a a e e i i o u ai ea ie".split(" ");
const MIDDLES = "b d dr l ll m n nd nn r rl rr s ss t th v".split(" ");
const ENDINGS = ["", "", "n", "r", "s", "l", "th", "na", "ra", "lyn"];

/**
 * Names made by rule, in the form of `firstNames`: a beginning, one or two syllables, an ending.
 *
 * Name i depends on the seed and i alone; some come twice. The same seed gives the same names on every machine.
 */
export function coinedNames(options: CoinedNamesOptions = {}): readonly string[] {
  checkOptions("coinedNames", options, ["count", "seed"]);
  const { count = 10_000, seed = 0 } = options;
  checkWhole("coinedNames", "count", count, 0, 2 ** 24);
  const key = seedKey("coinedNames", "seed", seed);
  return Array.from({ length: count }, (_, i) => {
    const random = new HostRandom(hostFoldIn(key, i));
    const one = (list: readonly string[]): string => list[random.integer(list.length)]!;
    let name = one(BEGINNINGS) + one(VOWELS);
    for (let syllables = random.integer(3); syllables > 0; syllables--) name += one(MIDDLES) + one(VOWELS);
    return name + one(ENDINGS);
  });
}

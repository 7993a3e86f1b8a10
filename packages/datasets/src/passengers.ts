import { checkOptions, HostRandom, hostSin } from "@tenon/tensor";
import type { Series } from "./airline-passengers.ts";
import { checkNumber, checkWhole } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";

export interface PassengersOptions {
  /** How many, 144 by default. */
  readonly months?: number;
  /** Standard deviation of what is by chance, in parts of the number; 0.03 by default. */
  readonly noise?: number;
  readonly seed?: Seed;
}

const FIRST_YEAR = 1949;
const START = 120; // thousands, about what the true series begins with
const GROWTH = 2.2; // thousands a month

/**
 * A monthly series made by rule, in the form of `airlinePassengers`: `(120 + 2.2·t)·season(t)·(1 + noise·n)` with n
 * normal, rounded to whole numbers. The season has its height in summer and a smaller one in spring; its two waves have
 * heights and phases by the seed.
 *
 * A shorter series is the beginning of a longer one. Bits are the same on every machine.
 */
export function passengers(options: PassengersOptions = {}): Series {
  checkOptions("passengers", options, ["months", "noise", "seed"]);
  const { months = 144, noise = 0.03, seed = 0 } = options;
  checkWhole("passengers", "months", months, 0, 2 ** 20);
  checkNumber("passengers", "noise", noise, 0);
  const random = new HostRandom(seedKey("passengers", "seed", seed));
  const [year, half] = [0.15 + 0.1 * random.next(), 0.04 + 0.04 * random.next()];
  const [yearPhase, halfPhase] = [random.next() - 0.5, random.next() - 0.5];
  const values = new Float32Array(months);
  for (let t = 0; t < months; t++) {
    const angle = ((2 * Math.PI) / 12) * (t % 12);
    const season = 1 + year * hostSin(angle - Math.PI / 2 + yearPhase) + half * hostSin(2 * angle + halfPhase);
    values[t] = Math.floor((START + GROWTH * t) * season * (1 + noise * random.normal()) + 0.5);
  }
  const times = Array.from(
    values,
    (_, t) => `${FIRST_YEAR + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, "0")}`,
  );
  return { times, values };
}

import { type HostKey, hostKey, hostKeyOf, hostPermutation, type Key, Tensor, valueText } from "@tenon/tensor";
import { outside } from "./range.ts";

/** Where random numbers come from: a whole number from 0 to 2⁵³ − 1, or a key. The same seed gives the same bits everywhere. */
export type Seed = number | Key | HostKey;

/** The two words of a seed. `option` is its name, for errors. */
export function seedKey(op: string, option: string, seed: unknown): HostKey {
  if (typeof seed === "number" && Number.isSafeInteger(seed) && seed >= 0) return hostKey(seed);
  if (seed instanceof Tensor) return hostKeyOf(seed, op);
  if (Array.isArray(seed) && seed.length === 2 && seed.every((word) => word === word >>> 0)) return seed as never;
  throw outside(
    op,
    `${option} is ${valueText(seed)}, which is no seed and no key`,
    `give a whole number such as 0, or key(0)`,
  );
}

/** The rows 0 … n − 1 in the order of a seed. */
export const shuffledOrder = (key: HostKey, n: number): Uint32Array => hostPermutation(key, n);

import { spec, type Tensor, type TensorType } from "@tenon/ir";
import type { Key } from "./context.ts";
import { tensor } from "./create.ts";
import { hostFoldIn } from "./host-random.ts";
import { seedWords } from "./seed.ts";

/** The type of a key, for `compile`'s `inputs`. */
export const keySpec: TensorType = spec([2], "uint32");

/** A random key from a whole number: the same seed gives the same numbers on every backend. */
export function key(seed: number): Key {
  return wordsTensor(seedWords("key", seed));
}

const wordsTensor = (words: readonly [number, number]): Tensor => tensor(Uint32Array.of(...words));

/** A sequence of different keys, made on the host. */
export interface KeySequence {
  next(): Key;
}

/** Keys for the steps of a program: `const dropout = keys(1); … step(x, y, dropout.next())`. */
export function keys(seed: number): KeySequence {
  const root = seedWords("key", seed);
  let count = 0;
  return { next: () => wordsTensor(hostFoldIn(root, count++)) };
}

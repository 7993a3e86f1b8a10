import { OptionError, spec, type Tensor, type TensorType } from "@tenon/ir";
import { typedArrayOf } from "./bytes.ts";
import { checkKey, type Key } from "./context.ts";
import { tensor } from "./create.ts";
import { type HostKey, hostFoldIn } from "./host-random.ts";
import { seedWords } from "./seed.ts";
import { storageOf } from "./storage.ts";

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

/**
 * The two words of a key that was made on the host, by `key` or `keys`, without waiting for any device.
 *
 * @param op Who asks, for errors.
 */
export function hostKeyOf(key: Key, op = "hostKeyOf"): HostKey {
  checkKey(op, key);
  const storage = storageOf(key);
  if (storage?.host === undefined || storage.hostStale) {
    throw new OptionError("E803", op, "the key was computed on a device, and its words are not on the host", {
      operands: { key },
      fix: "use key(seed), or the next() of keys(seed)",
    });
  }
  const [first, second] = typedArrayOf("uint32", storage.host);
  return [first!, second!];
}

/** 32-bit words, as numbers on the host or as tensors in a graph. */
export interface Words<T> {
  add(x: T, y: T): T;
  xor(x: T, y: T): T;
  /** The word moved left by `bits`, what falls out coming in again on the right. */
  rotate(x: T, bits: number): T;
  constant(value: number): T;
}

const PARITY = 0x1bd11bda; // keeps a key of all zeros from being its own schedule: section 3.2 of the paper
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const; // table 4 of the paper, for two words of 32 bits
const GROUPS = 5; // of four rounds each

/**
 * Threefry-2x32 of 20 rounds: two words from a key and a counter of two words each. A bijection of the counter for
 * every key, so that streams are made by counting.
 *
 * Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, doi:10.1145/2063384.2063405.
 */
export function threefry<T>(words: Words<T>, [k0, k1]: readonly [T, T], [c0, c1]: readonly [T, T]): readonly [T, T] {
  const schedule = [k0, k1, words.xor(words.xor(k0, k1), words.constant(PARITY))];
  let [x, y] = [words.add(c0, k0), words.add(c1, k1)];
  for (let group = 0; group < GROUPS; group++) {
    for (const bits of ROTATIONS[group % 2]!) {
      x = words.add(x, y);
      y = words.xor(words.rotate(y, bits), x);
    }
    x = words.add(x, schedule[(group + 1) % 3]!);
    y = words.add(y, words.add(schedule[(group + 2) % 3]!, words.constant(group + 1)));
  }
  return [x, y];
}

/** Words as JavaScript numbers. */
export const numberWords: Words<number> = {
  add: (x, y) => (x + y) >>> 0,
  xor: (x, y) => (x ^ y) >>> 0,
  rotate: (x, bits) => ((x << bits) | (x >>> (32 - bits))) >>> 0,
  constant: (value) => value,
};

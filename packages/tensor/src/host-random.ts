import { hostErfinv } from "./host-math.ts";
import { seedWords } from "./seed.ts";

/** Two 32-bit words, as `key(seed)` holds them on a device. */
export type HostKey = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]; // of rounds 0–3 and 4–7, then again
const PARITY = 0x1bd11bda; // third word of the key schedule, with both words of the key

/**
 * Threefry-2×32 with 20 rounds: two random words for a key and a counter.
 *
 * Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, section 3.3.
 */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const schedule = [key0, key1, key0 ^ key1 ^ PARITY];
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  for (let group = 1; group <= 5; group++) {
    const first = group % 2 === 1 ? 0 : 4;
    for (let round = first; round < first + 4; round++) {
      const rotation = ROTATIONS[round]!;
      x = (x + y) | 0;
      y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    }
    x = (x + schedule[group % 3]!) | 0;
    y = (y + schedule[(group + 1) % 3]! + group) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/** The key of a seed, a whole number from 0 to 2⁵³ − 1: its upper and lower 32 bits. */
export const hostKey = (seed: number): HostKey => seedWords("hostKey", seed);

/** `rng.bits` on the host: word i is the first word of threefry(key, (0, i)). */
export function hostBits([key0, key1]: HostKey, n: number): Uint32Array {
  const words = new Uint32Array(n);
  for (let i = 0; i < n; i++) words[i] = threefry(key0, key1, 0, i)[0];
  return words;
}

/** `rng.split` on the host: child j is both words of threefry(key, (1, j)). */
export function hostSplit([key0, key1]: HostKey, n: number): HostKey[] {
  return Array.from({ length: n }, (_, j) => threefry(key0, key1, 1, j));
}

/** `rng.fold_in` on the host: both words of threefry(key, (2, data)). */
export function hostFoldIn([key0, key1]: HostKey, data: number): HostKey {
  return threefry(key0, key1, 2, data);
}

/** Ends of a uniform distribution; 0 and 1 if not given. */
export interface HostUniformOptions {
  readonly low?: number;
  readonly high?: number;
}

/**
 * `rng.uniform` on the host: n numbers of [low, high), each `u·(high − low) + low` rounded once to float32.
 *
 * u is the 23 upper bits of a word: as a mantissa they give a number of [1, 2), less 1. Where the spacing of float32 at
 * `high` is coarser than (high − low)/2²³, the rounding may give `high` itself.
 */
export function hostUniform(key: HostKey, n: number, { low = 0, high = 1 }: HostUniformOptions = {}): Float32Array {
  return Float32Array.from(hostBits(key, n), (word) => (word >>> 9) * 2 ** -23 * (high - low) + low);
}

/**
 * n numbers of the standard normal distribution: `√2·erf⁻¹(u)` in float64, rounded once to float32.
 *
 * u is the middle of one of 2³² equal parts of (−1, 1), so that a number reaches 6.3 and is never infinite.
 */
export function hostNormal(key: HostKey, n: number): Float32Array {
  return Float32Array.from(hostBits(key, n), normalOf);
}

/** The numbers 0 … n − 1 in a random order, all orders being equally likely. Fisher & Yates 1938, in the form of Durstenfeld 1964. */
export function hostPermutation(key: HostKey, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = new HostRandom(key);
  for (let last = n - 1; last > 0; last--) {
    const chosen = random.integer(last + 1);
    const moved = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = moved;
  }
  return order;
}

/** A sequence of random numbers: call i uses word i of `hostBits(key, …)`. */
export class HostRandom {
  readonly #key: HostKey;
  #counter = 0;

  constructor(key: HostKey) {
    this.#key = key;
  }

  /** A whole number from 0 to 2³² − 1. */
  nextBits(): number {
    return threefry(this.#key[0], this.#key[1], 0, this.#counter++)[0];
  }

  /** A multiple of 2⁻³² from [0, 1). */
  next(): number {
    return this.nextBits() * 2 ** -32;
  }

  /** A float64 of the standard normal distribution. */
  normal(): number {
    return normalOf(this.nextBits());
  }

  /** A whole number from 0 to n − 1, 1 ≤ n ≤ 2³². Words above the last multiple of n are passed over, so that none is favoured. */
  integer(n: number): number {
    const end = 2 ** 32 - (2 ** 32 % n);
    let word = this.nextBits();
    while (word >= end) word = this.nextBits();
    return word % n;
  }
}

function normalOf(word: number): number {
  return Math.SQRT2 * hostErfinv((2 * word + 1) * 2 ** -32 - 1);
}

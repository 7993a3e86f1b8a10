import { tensor } from "@tenon/tensor";

/** 32 bits of which each depends on all of `x`: the mixer lowbias32, found by Wellons 2018, "Prospecting for hash functions". */
function mixed(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Numbers in [-scale, scale) that both sides make: `cuda/peers.py` has the same function. */
export function noiseOf(count: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = (mixed(i + 1_000_003 * seed) / 2 ** 31 - 1) * scale;
  return numbers;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export const noise = (shape: readonly number[], seed: number, scale = 1) =>
  tensor(noiseOf(sizeOf(shape), seed, scale), { shape: [...shape] });

/** Whole numbers below `below`. */
export const wholeNoise = (shape: readonly number[], seed: number, below: number) =>
  tensor(
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => mixed(i + 1_000_003 * seed) % below),
    { shape: [...shape] },
  );

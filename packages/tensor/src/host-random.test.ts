import { createHash } from "node:crypto";
import { OptionError } from "@tenon/ir";
import { expect, test } from "vitest";
import {
  HostRandom,
  hostBits,
  hostFoldIn,
  hostKey,
  hostNormal,
  hostPermutation,
  hostSplit,
  hostUniform,
  threefry,
} from "./host-random.ts";

function digest(values: Uint32Array | Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  const set = values instanceof Uint32Array ? view.setUint32 : view.setFloat32;
  for (const [i, value] of values.entries()) set.call(view, 4 * i, value, true);
  return createHash("sha256").update(new Uint8Array(view.buffer)).digest("hex").slice(0, 16);
}

test("threefry gives the published words", () => {
  // Random123, examples/kat_vectors: threefry2x32 with 20 rounds
  expect(threefry(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
  expect(threefry(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)).toEqual([0x1cb996fc, 0xbb002be7]);
  expect(threefry(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
});

test("bits, split and fold_in use counters that do not meet", () => {
  const key = hostKey(7);
  expect([...hostBits(key, 3)]).toEqual([0, 1, 2].map((i) => threefry(0, 7, 0, i)[0]));
  expect(hostSplit(key, 2)).toEqual([threefry(0, 7, 1, 0), threefry(0, 7, 1, 1)]);
  expect(hostFoldIn(key, 9)).toEqual(threefry(0, 7, 2, 9));
});

test("a key holds all 53 bits of a seed, and other seeds are refused", () => {
  expect(hostKey(2 ** 53 - 1)).toEqual([2 ** 21 - 1, 2 ** 32 - 1]);
  expect(hostKey(5)).toEqual([0, 5]);
  for (const seed of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => hostKey(seed)).toThrow(OptionError);
});

test("uniform numbers are mantissas of their bits, in range, and of the right moments", () => {
  const key = hostKey(3);
  const view = new DataView(new ArrayBuffer(4));
  const filled = Float32Array.from(hostBits(key, 1000), (word) => {
    view.setUint32(0, (word >>> 9) | 0x3f800000);
    return view.getFloat32(0) - 1;
  });
  expect(hostUniform(key, 1000)).toEqual(filled);

  const { mean, variance, min, max } = momentsOf(hostUniform(key, 100_000, { low: -2, high: 4 }));
  expect([min >= -2, max < 4]).toEqual([true, true]);
  expect(mean).toBeCloseTo(1, 1);
  expect(variance).toBeCloseTo(3, 1);
});

test("normal numbers have the moments of the normal distribution, to the fourth", () => {
  const { mean, variance, skewness, kurtosis } = momentsOf(hostNormal(hostKey(4), 200_000));
  // five standard errors: 5/√n, 5·√(2/n), 5·√(6/n), 5·√(24/n)
  expect(Math.abs(mean)).toBeLessThan(0.012);
  expect(Math.abs(variance - 1)).toBeLessThan(0.016);
  expect(Math.abs(skewness)).toBeLessThan(0.028);
  expect(Math.abs(kurtosis - 3)).toBeLessThan(0.055);
});

test("a permutation holds every number once, and each order is equally likely", () => {
  expect([...hostPermutation(hostKey(1), 1000)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 1000 }, (_, i) => i),
  );
  expect([hostPermutation(hostKey(1), 0), hostPermutation(hostKey(1), 1)]).toEqual([
    Uint32Array.of(),
    Uint32Array.of(0),
  ]);
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed++) {
    const order = hostPermutation(hostKey(seed), 3).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150); // five standard deviations
});

test("a sequence goes through the bits of its key", () => {
  const random = new HostRandom(hostKey(2));
  const words = hostBits(hostKey(2), 3);
  expect(random.nextBits()).toBe(words[0]);
  expect(random.next()).toBe(words[1]! / 2 ** 32);
  expect(Math.fround(random.normal())).toBe(hostNormal(hostKey(2), 3)[2]);
});

test("whole numbers below n are equally likely for an n that does not divide 2^32", () => {
  const random = new HostRandom(hostKey(6));
  const n = 3 * 2 ** 30; // a remainder alone would give the first third twice as often
  const counts = [0, 0, 0];
  for (let i = 0; i < 9000; i++) counts[Math.floor(random.integer(n) / 2 ** 30)]!++;
  for (const count of counts) expect(Math.abs(count - 3000)).toBeLessThan(225); // five standard deviations
});

test("10,000 numbers of each kind have the same bits everywhere", () => {
  const key = hostKey(0);
  expect({
    bits: digest(hostBits(key, 10_000)),
    uniform: digest(hostUniform(key, 10_000, { low: -0.1, high: 0.3 })),
    normal: digest(hostNormal(key, 10_000)),
    permutation: digest(hostPermutation(key, 10_000)),
  }).toMatchInlineSnapshot(`
    {
      "bits": "487a05bd22050f66",
      "normal": "de8c93f92f6151d6",
      "permutation": "ce514df102fe4708",
      "uniform": "56ae3cd7f5bbc878",
    }
  `);
});

function momentsOf(
  values: Float32Array,
): Record<"mean" | "variance" | "skewness" | "kurtosis" | "min" | "max", number> {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const moment = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = moment(2);
  return {
    mean,
    variance,
    skewness: moment(3) / variance ** 1.5,
    kurtosis: moment(4) / variance ** 2,
    min: values.reduce((a, b) => Math.min(a, b)),
    max: values.reduce((a, b) => Math.max(a, b)),
  };
}

import { createHash } from "node:crypto";
import { key } from "@tenon/tensor";
import { expect, test } from "vitest";
import { blobs, circles, type Dataset, line, moons, spirals, xor } from "./index.ts";

const sets: readonly (readonly [string, (options: { count: number; seed?: never; noise?: number }) => Dataset])[] = [
  ["moons", moons],
  ["circles", circles],
  ["spirals", spirals],
  ["blobs", blobs],
  ["line", line],
];

/** Each point with its label. */
const points = ({ x, y }: Dataset) =>
  Array.from({ length: x.size }, (_, i) => ({ u: x.data[2 * i]!, v: x.data[2 * i + 1]!, label: y.data[i]! }));

test("a thousand points of each set have the same bits everywhere", () => {
  const digest = createHash("sha256");
  for (const [, make] of sets) {
    const { x, y } = make({ count: 1000 });
    for (const { data } of [x, y]) digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  expect(digest.digest("hex")).toMatchInlineSnapshot(
    `"56bea13319f6f04e6f77ff1a3d93b7c899df7afc1a977aab8ed1fb5bf6a8598c"`,
  );
});

test.each(sets)(
  "%s: a smaller set begins a larger one, a key is its seed, another seed gives others",
  (_name, make) => {
    const large = make({ count: 50 });
    const { x, y } = make({ count: 20 });
    expect(large.take(20).x.data).toEqual(x.data);
    expect(large.take(20).y.data).toEqual(y.data);
    expect(make({ count: 20, seed: key(0) as never }).x.data).toEqual(x.data);
    expect(make({ count: 20, seed: 1 as never }).x.data).not.toEqual(x.data);
    expect(make({ count: 0 }).size).toBe(0);
    expect(() => make({ count: -1 })).toThrow(/count is -1/);
    expect(() => make({ count: 1, noise: -1 })).toThrow(/noise is -1, not a number from 0/);
    expect(() => make({ cuont: 1 } as never)).toThrow(/did you mean count\?/);
  },
);

test("without noise every point lies on its curve", () => {
  for (const { u, v, label } of points(moons({ count: 100, noise: 0 }))) {
    expect(label === 0 ? Math.hypot(u, v) : Math.hypot(u - 1, v - 0.5)).toBeCloseTo(1, 6);
    expect(label === 0 ? v >= 0 : v <= 0.5).toBe(true);
  }
  for (const { u, v, label } of points(circles({ count: 100, noise: 0, inner: 0.3 }))) {
    expect(Math.hypot(u, v)).toBeCloseTo(label === 0 ? 1 : 0.3, 6);
  }
  for (const { u, v, label } of points(spirals({ count: 100, noise: 0, classes: 3, turns: 2 }))) {
    const angle = 2 * Math.PI * (2 * Math.hypot(u, v) + label / 3);
    expect(Math.cos(angle - Math.atan2(v, u))).toBeCloseTo(1, 4);
  }
  for (const { u, v, label } of points(blobs({ count: 8, noise: 0, classes: 4 }))) {
    expect(u).toBeCloseTo([1, 0, -1, 0][label]!, 6);
    expect(v).toBeCloseTo([0, 1, 0, -1][label]!, 6);
  }
  const { x, y } = line({ count: 20, noise: 0, slope: -3, intercept: 0.5 });
  expect([x.shape, y.shape]).toEqual([[20, 1], [20, 1]]); // biome-ignore format: shapes
  for (const [i, value] of x.data.entries()) expect(y.data[i]).toBeCloseTo(-3 * value + 0.5, 5);
});

test("xor is four rows", () => {
  const { x, y } = xor();
  expect([...x.data]).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
  expect([y.shape, [...y.data]]).toEqual([[4, 1], [0, 1, 1, 0]]); // biome-ignore format: shapes
});

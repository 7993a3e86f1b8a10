import "@tenon/interpreter";
import { cutout } from "@tenon/layers";
import { key, ones, setBackend, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const images = ones([60, 6, 5, 2]);

test("a square of each image is hidden in all channels, smaller where it reaches over the edge", async () => {
  const y = Array.from(
    await cutout(3, { value: -1 })
      .call(images, training(key(0)))
      .data(),
    Number,
  );
  const sizes = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const hidden = [...Array(60).keys()].filter((j) => y[60 * i + j] === -1);
    const rows = hidden.map((j) => Math.floor(j / 10));
    const columns = hidden.map((j) => Math.floor(j / 2) % 5);
    const height = Math.max(...rows) - Math.min(...rows) + 1;
    const width = Math.max(...columns) - Math.min(...columns) + 1;
    expect(hidden).toHaveLength(height * width * 2);
    sizes.add(`${height}×${width}`);
  }
  expect([...sizes].sort()).toEqual(["2×2", "2×3", "3×2", "3×3"]);
});

test("inference gives the input itself, and one key hides the same", async () => {
  const layer = cutout(2);
  expect(layer.call(images)).toBe(images);
  const once = await layer.call(images, training(key(1))).data();
  expect(await layer.call(images, training(key(1))).data()).toEqual(once);
  expect(await layer.call(images, training(key(2))).data()).not.toEqual(once);
});

test("options are checked", () => {
  expect(() => cutout(0)).toThrow(/size is 0/);
  expect(() => cutout(2, { vlaue: 1 } as never)).toThrow(/did you mean value\?/);
  expect(() => cutout(2).call(ones([2, 3]))).toThrow(/E206 cutout/);
});

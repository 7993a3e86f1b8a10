import "@tenon/interpreter";
import { randomFlip } from "@tenon/layers";
import { iota, key, reverse, setBackend, type Tensor, training, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const images = iota([64 * 6], 0, "float32").reshape([64, 2, 3, 1]);
const rows = async (x: Tensor) => {
  const data = Array.from(await x.data(), Number);
  return Array.from({ length: 64 }, (_, i) => data.slice(6 * i, 6 * i + 6).join());
};

test("inference gives the input itself", () => {
  expect(randomFlip().call(images)).toBe(images);
});

test("about half of the images are flipped, and the others are as they were", async () => {
  const [x, flipped] = [await rows(images), await rows(reverse(images, { axis: 2 }))];
  const y = await rows(randomFlip("horizontal").call(images, training(key(0))));
  const count = y.filter((row, i) => row === flipped[i]).length;
  expect(y.filter((row, i) => row === x[i]).length).toBe(64 - count);
  expect(Math.abs(count - 32)).toBeLessThan(16); // four standard deviations
});

test("both directions are drawn apart, so that four sorts of images come", async () => {
  const axes = [[], [1], [2], [1, 2]];
  const sorts = await Promise.all(axes.map((axis) => rows(axis.length === 0 ? images : reverse(images, { axis }))));
  const y = await rows(randomFlip().call(images, training(key(0))));
  const found = y.map((row, i) => sorts.findIndex((sort) => sort[i] === row));
  for (const sort of axes.keys()) expect(found.filter((s) => s === sort).length).toBeGreaterThan(4);
});

test("twice by one key is the identity", async () => {
  const layer = randomFlip();
  const flip = (x: Tensor) => layer.call(x, training(key(3)));
  expect(await rows(flip(flip(images)))).toEqual(await rows(images));
});

test("mode and rank are checked", () => {
  expect(() => randomFlip("sideways" as never)).toThrow(/mode is "sideways"/);
  expect(() => randomFlip().call(zeros([2, 28, 28]))).toThrow(/give it channels, as by reshape\(\[28, 28, 1\]\)/);
});

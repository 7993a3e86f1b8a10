import "@tenon/interpreter";
import { randomCrop } from "@tenon/layers";
import { iota, key, setBackend, training, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const images = iota([40, 4, 5, 1], 1, "float32")
  .mul(10)
  .add(iota([40, 4, 5, 1], 2, "float32")); // 10·row + column

test("inference crops to the middle, the smaller half before it", async () => {
  const y = randomCrop(2, 2).call(images);
  expect(y.shape).toEqual([40, 2, 2, 1]);
  expect(Array.from(await y.data()).slice(0, 4)).toEqual([11, 12, 21, 22]);
});

test("training crops each image at a place of its own, every place coming", async () => {
  const y = randomCrop(3, 2).call(images, training(key(0)));
  const data = Array.from(await y.data(), Number);
  const places = Array.from({ length: 40 }, (_, i) => {
    const part = data.slice(6 * i, 6 * i + 6);
    expect(part.map((v) => v - part[0]!)).toEqual([0, 1, 10, 11, 20, 21]);
    return part[0]!;
  });
  expect([...new Set(places)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
});

test("a part as large as the image is the image", async () => {
  const y = randomCrop(4, 5).call(images, training(key(0)));
  expect(await y.data()).toEqual(await images.data());
});

test("a part larger than the image names both and the layer", () => {
  expect(() => randomCrop(9, 2).call(zeros([1, 8, 8, 3]))).toThrow(
    /E210 randomCrop: a part of 9 × 2 does not fit into images of 8 × 8/,
  );
  expect(() => randomCrop(2.5, 2)).toThrow(/height is 2.5/);
});

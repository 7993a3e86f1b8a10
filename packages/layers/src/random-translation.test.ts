import "@tenon/interpreter";
import { type ResampleOptions, randomTranslation } from "@tenon/layers";
import { key, setBackend, tensor, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const image = tensor([[1, 2, 3, 4], [5, 6, 7, 8]]).reshape([1, 2, 4, 1]); // biome-ignore format: an image
const moved = async (down: number, right: number, options: ResampleOptions = {}) =>
  Array.from(
    await randomTranslation([down, down], [right, right], options)
      .call(image, training(key(0)))
      .data(),
  );

test("half of the height downwards and a quarter of the width to the right move every pixel", async () => {
  expect(await moved(0.5, 0.25, { fillMode: "constant" })).toEqual([0, 0, 0, 0, 0, 1, 2, 3]);
  expect(await moved(-0.5, -0.25, { fillMode: "constant", fillValue: 9 })).toEqual([6, 7, 8, 9, 9, 9, 9, 9]);
});

test("what comes in is what the fill mode says", async () => {
  const right = async (fillMode: NonNullable<ResampleOptions["fillMode"]>) =>
    (await moved(0, 0.5, { fillMode })).slice(0, 4);
  expect(await right("reflect")).toEqual([2, 1, 1, 2]);
  expect(await right("nearest")).toEqual([1, 1, 1, 2]);
  expect(await right("wrap")).toEqual([3, 4, 1, 2]);
  expect(await right("constant")).toEqual([0, 0, 1, 2]);
});

test("between pixels is their mean, or the nearest", async () => {
  expect((await moved(0, -0.125)).slice(0, 4)).toEqual([1.5, 2.5, 3.5, 4]);
  expect((await moved(0, -0.1, { interpolation: "nearest" })).slice(0, 4)).toEqual([1, 2, 3, 4]);
});

test("every image is moved by a distance of its own, within the factors", async () => {
  const line = tensor(Float32Array.from({ length: 20 }, (_, i) => i)).reshape([1, 1, 20, 1]);
  const many = line.broadcastTo([200, 1, 20, 1]);
  const y = randomTranslation(0, [0.1, 0.3]).call(many, training(key(5)));
  const distances = Array.from(await y.sliceAxis(2, 10, 11).data(), (v) => 10 - Number(v));
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(2 - 1e-4);
  expect(Math.max(...distances)).toBeLessThanOrEqual(6 + 1e-4);
  expect(distances.reduce((a, b) => a + b) / 200).toBeCloseTo(4, 0);
  expect(new Set(distances).size).toBeGreaterThan(150);
});

test("no distance is the identity, and inference gives the input itself", async () => {
  expect(await moved(0, 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(randomTranslation(0.2, 0.2).call(image)).toBe(image);
  expect(() => randomTranslation(0.2, -2)).toThrow(/widthFactor is -2/);
});

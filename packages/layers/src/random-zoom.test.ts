import "@tenon/interpreter";
import { randomZoom } from "@tenon/layers";
import { key, setBackend, tensor, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const image = tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]).reshape([1, 4, 4, 1]); // biome-ignore format: an image
const zoomed = async (...args: Parameters<typeof randomZoom>) =>
  Array.from(
    await randomZoom(...args)
      .call(image, training(key(0)))
      .data(),
  );

test("a factor of −1/3 shows two thirds of the image, one of 1 twice as much", async () => {
  const closer = await zoomed([-1 / 3, -1 / 3]);
  const expected = [3.5, 4 + 1 / 6, 4 + 5 / 6, 5.5]; // row 0.5, columns 0.5 … 2.5 by ⅔
  for (const [i, value] of expected.entries()) expect(closer[i]).toBeCloseTo(value, 5);
  const farther = await zoomed([1, 1], { fillMode: "constant", fillValue: -1, interpolation: "nearest" });
  expect(farther).toEqual([-1, -1, -1, -1, -1, 6, 8, -1, -1, 14, 16, -1, -1, -1, -1, -1]);
});

test("the width goes with the height, or has a factor of its own", async () => {
  const both = await zoomed([0.5, 0.5], { fillMode: "nearest" });
  expect([both[0], both[5]]).toEqual([1, 4.75]); // rows and columns −0.75, 0.75, …
  const wide = await zoomed([0, 0], { widthFactor: [1, 1], fillMode: "wrap" });
  expect(wide.slice(0, 8)).toEqual([3.5, 1.5, 3.5, 1.5, 7.5, 5.5, 7.5, 5.5]); // columns −1.5, 0.5, 2.5, 4.5
});

test("no zoom is the identity, and inference gives the input itself", async () => {
  expect(await zoomed(0)).toEqual(Array.from(await image.data()));
  expect(randomZoom(0.5).call(image)).toBe(image);
});

test("factors are checked", () => {
  expect(() => randomZoom(1.5)).toThrow(/heightFactor is 1.5/);
  expect(() => randomZoom(0.1, { widthFactor: 2 })).toThrow(/widthFactor is 2/);
  expect(() => randomZoom(0.1, { widthfactor: 0.1 } as never)).toThrow(/did you mean widthFactor\?/);
});

import "@tenon/interpreter";
import { randomContrast } from "@tenon/layers";
import { key, setBackend, tensor, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const image = tensor([[[0.25, 0], [0.5, 0]], [[0.5, 1], [0.75, 1]]]); // biome-ignore format: 2 × 2 × 2
const images = image.reshape([1, 2, 2, 2]).broadcastTo([100, 2, 2, 2]);

test("pixels go away from the mean of their channel, each image by one factor within the bounds", async () => {
  const layer = randomContrast([0.5, 0.25], { valueRange: [-1, 2] });
  const y = Array.from(await layer.call(images, training(key(0))).data(), Number);
  const factors = Array.from({ length: 100 }, (_, i) => {
    const [a, , , , , , d, e] = y.slice(8 * i, 8 * i + 8) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    expect(a).toBeCloseTo(0.5 - (d - 0.5), 5);
    expect((d - 0.5) / 0.25).toBeCloseTo((e - 0.5) / 0.5, 4); // both channels by the same
    return (d - 0.5) / 0.25;
  });
  expect(Math.min(...factors)).toBeGreaterThan(0.5);
  expect(Math.max(...factors)).toBeLessThan(1.25 + 1e-5);
  expect(new Set(factors).size).toBeGreaterThan(80);
});

test("values stay inside of the range, which is that of bytes by default", async () => {
  const bounded = randomContrast([0, 1], { valueRange: [0, 1] }).call(images, training(key(0)));
  const y = Array.from(await bounded.data(), Number);
  expect([Math.min(...y), Math.max(...y)]).toEqual([0, 1]);
  const bytes = Array.from(
    await randomContrast([0, 1])
      .call(images, training(key(0)))
      .data(),
    Number,
  );
  expect(Math.min(...bytes)).toBe(0);
  expect(Math.max(...bytes)).toBeGreaterThan(1);
});

test("no factor is the identity, and inference gives the input itself", async () => {
  expect(
    await randomContrast(0)
      .call(images, training(key(0)))
      .data(),
  ).toEqual(await images.data());
  expect(randomContrast(0.5).call(images)).toBe(images);
});

test("factors and options are checked", () => {
  expect(() => randomContrast(2)).toThrow(/factor is 2, which is no number from 0 to 1/);
  expect(() => randomContrast(0.2, { valueRange: [1, 0] })).toThrow(/valueRange/);
  expect(() => randomContrast(0.2, { value_range: [0, 1] } as never)).toThrow(/did you mean valueRange\?/);
});

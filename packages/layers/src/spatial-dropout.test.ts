import "@tenon/interpreter";
import { spatialDropout1d, spatialDropout2d, spatialDropout3d } from "@tenon/layers";
import { key, ones, setBackend, spec, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test.each([
  [spatialDropout1d, [8, 5, 6]],
  [spatialDropout2d, [8, 2, 3, 6]],
  [spatialDropout3d, [8, 2, 3, 2, 6]],
])("training drops whole channels of examples, and keeps the mean", async (make, shape) => {
  const y = await list(make(0.25).call(ones(shape), training(key(0))));
  const places = shape.slice(1, -1).reduce((n, d) => n * d, 1);
  const channels = Array.from({ length: 48 }, (_, i) =>
    Array.from({ length: places }, (_, p) => y[Math.floor(i / 6) * places * 6 + p * 6 + (i % 6)]!),
  );
  for (const values of channels) expect(new Set(values).size).toBe(1);
  expect(new Set(y)).toEqual(new Set([0, Math.fround(4 / 3)]));
  const dropped = channels.filter(([v]) => v === 0).length;
  expect(dropped).toBeGreaterThan(4);
  expect(dropped).toBeLessThan(22); // 12 of 48 are expected, with a deviation of 3
});

test("inference gives the input itself", () => {
  const x = ones([2, 3, 4]);
  expect(spatialDropout1d(0.5).call(x)).toBe(x);
});

test("what does not fit is refused", () => {
  expect(() => inside(spatialDropout2d(0.5), spec(["B", 10, 4]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 spatialDropout2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 10, 4]
      at: encoder.spatialDropout2d1 (spatial-dropout.test.ts:32)
      fix: give it channels, as by reshape([10, 4, 1]).]
  `);
  expect(() => spatialDropout1d(2)).toThrow("rate is 2");
});

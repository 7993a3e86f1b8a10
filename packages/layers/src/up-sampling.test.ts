import "@tenon/interpreter";
import { upSampling1d, upSampling2d, upSampling3d } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("places are repeated", async () => {
  expect(await list(upSampling1d(3).call(tensor([1, 2], { shape: [1, 2, 1] })))).toEqual([1, 1, 1, 2, 2, 2]);
  const x = tensor([1, 10, 2, 20], { shape: [1, 1, 2, 2] });
  expect(await list(upSampling2d([2, 1]).call(x))).toEqual([1, 10, 2, 20, 1, 10, 2, 20]);
});

test("or lie on the straight line between their neighbours, as in Keras", async () => {
  const x = tensor([0, 4], { shape: [1, 2, 1] });
  expect(await list(upSampling1d(2, { interpolation: "linear" }).call(x))).toEqual([0, 1, 3, 4]);
});

test("named sizes stay open", () => {
  const layer = built(upSampling2d(2), spec(["B", "H", "W", 3]));
  expect(layer.call(zeros([2, 4, 5, 3])).shape).toEqual([2, 8, 10, 3]);
  expect(upSampling3d([1, 2, 3]).call(zeros([1, 2, 2, 2, 1])).shape).toEqual([1, 2, 4, 6, 1]);
  expect(upSampling2d(2, { interpolation: "bilinear" }).describe()).toBe("upSampling2d 2×2 bilinear");
});

test("what does not fit is refused", () => {
  expect(() => inside(upSampling2d(), spec(["B", 7, 7]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 upSampling2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 7, 7]
      at: encoder.upSampling2d1 (up-sampling.test.ts:28)
      fix: give it channels, as by reshape([7, 7, 1]).]
  `);
  expect(() => upSampling2d(2, { interpolation: "linear" })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 upSampling2d: interpolation is "linear", which is unknown.
      fix: use "nearest" or "bilinear".]
  `);
  const lines = upSampling2d(2, { interpolation: "bilinear" });
  expect(() => inside(lines, spec(["B", "H", 7, 1]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 upSampling2d: axis 1 has the size H, and lines between places need a number.
      x: float32 [B, H, 7, 1]
      at: encoder.upSampling2d1 (up-sampling.test.ts:39)
      fix: give inputs a number for H, or use interpolation: "nearest".]
  `);
  expect(() => upSampling2d(1.5)).toThrow("size is 1.5");
  expect(() => upSampling2d(2, { method: "nearest" } as never)).toThrow("E801");
});

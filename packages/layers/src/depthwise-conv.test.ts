import "@tenon/interpreter";
import { depthwiseConv1d, depthwiseConv2d, l1, regularization } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("each channel has kernels of its own, its results side by side", async () => {
  const layer = built(depthwiseConv1d(2, { depthMultiplier: 2, useBias: false }), spec(["B", 3, 2]));
  expect(layer.weight.shape).toEqual([2, 2, 2]);
  layer.weight.assign(tensor([1, 10, 100, 1000, 2, 20, 200, 2000], { shape: [2, 2, 2] }));
  const y = layer.call(tensor([1, 5, 2, 6, 3, 7], { shape: [1, 3, 2] }));
  expect(y.shape).toEqual([1, 2, 4]);
  expect(await list(y)).toEqual([5, 50, 1700, 17000, 8, 80, 2000, 20000]);
});

test("shapes are Keras's", () => {
  const layer = built(depthwiseConv2d([3, 2], { depthMultiplier: 3, strides: 2 }), spec(["B", 8, 8, 4]));
  expect([layer.weight.shape, layer.bias!.shape]).toEqual([[3, 2, 4, 3], [12]]);
  expect(layer.call(zeros([2, 8, 8, 4])).shape).toEqual([2, 3, 4, 12]);
  expect(layer.describe()).toBe("depthwiseConv2d 3×2 stride 2 times 3, glorotUniform");
});

test("its regulariser counts", async () => {
  const options = { depthwiseInit: "ones", depthwiseRegularizer: l1(0.5) } as const;
  expect(await regularization(built(depthwiseConv2d(2, options), spec(["B", 4, 4, 3]))).item()).toBe(6);
});

test("what does not fit is refused", () => {
  expect(() => inside(depthwiseConv2d(3), spec(["B", 28, 28]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 depthwiseConv2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 28, 28]
      at: encoder.depthwiseConv2d1 (depthwise-conv.test.ts:31)
      fix: give it channels, as by reshape([28, 28, 1]).]
  `);
  const layer = built(depthwiseConv1d(2), spec(["B", 5, 3]));
  expect(() => layer.call(zeros([1, 5, 2]))).toThrow("the input has 2 channels but the layer was built for 3");
  expect(() => depthwiseConv2d(3, { filters: 8 } as never)).toThrow("E801");
  expect(() => depthwiseConv2d(3, { depthMultiplier: 0 })).toThrow("depthMultiplier is 0");
  expect(() => depthwiseConv2d(3, { depthwiseInit: "heNorml" as never })).toThrow("depthwiseInit is");
});

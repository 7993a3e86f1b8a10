import "@tenon/interpreter";
import { l1, regularization, separableConv1d, separableConv2d } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("each channel by itself comes first, then all channels of a place", async () => {
  const layer = built(separableConv1d(1, 2), spec(["B", 3, 2]));
  layer.depthwiseWeight.assign(tensor([1, 10, 1, 10], { shape: [2, 2, 1] }));
  layer.pointwiseWeight.assign(tensor([1, 2], { shape: [1, 2, 1] }));
  layer.bias!.assign(tensor([0.5]));
  const y = layer.call(tensor([1, 5, 2, 6, 3, 7], { shape: [1, 3, 2] }));
  expect(await list(y)).toEqual([1 + 2 + 2 * 110 + 0.5, 2 + 3 + 2 * 130 + 0.5]);
});

test("shapes are Keras's", () => {
  const layer = built(separableConv2d(8, 3, { depthMultiplier: 2, padding: "same" }), spec(["B", 6, 6, 4]));
  expect(layer.depthwiseWeight.shape).toEqual([3, 3, 4, 2]);
  expect(layer.pointwiseWeight.shape).toEqual([1, 1, 8, 8]);
  expect(layer.bias!.shape).toEqual([8]);
  expect(layer.call(zeros([2, 6, 6, 4])).shape).toEqual([2, 6, 6, 8]);
  expect(layer.describe()).toBe("separableConv2d 8 of 3×3 same times 2, glorotUniform");
});

test("both regularisers count", async () => {
  const options = {
    depthwiseInit: "ones",
    depthwiseRegularizer: l1(1),
    pointwiseInit: "ones",
    pointwiseRegularizer: l1(0.5),
  } as const;
  const layer = built(separableConv2d(2, 2, options), spec(["B", 4, 4, 3]));
  expect(await regularization(layer).item()).toBe(12 + 3);
});

test("what does not fit is refused", () => {
  expect(() => inside(separableConv2d(4, 3), spec(["B", 28, 28]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 separableConv2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 28, 28]
      at: encoder.separableConv2d1 (separable-conv.test.ts:39)
      fix: give it channels, as by reshape([28, 28, 1]).]
  `);
  expect(() => built(separableConv1d(4, 2), spec(["B", 5, 3])).call(zeros([1, 5, 2]))).toThrow(
    "the input has 2 channels but the layer was built for 3",
  );
  expect(() => separableConv2d(4, 3, { kernelInit: "zeros" } as never)).toThrow("E801");
});

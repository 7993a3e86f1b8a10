import "@tenon/interpreter";
import { type Conv, conv1d, conv2d, conv3d, l2, regularization } from "@tenon/layers";
import { setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const ones = { kernelInit: "ones" } as const;
const steps = tensor([1, 2, 3, 4, 5], { shape: [1, 5, 1] });
const along = (layer: Conv, x: Tensor = steps) => list(built(layer, spec(["B", 5, 1])).call(x));

test("each filter is a sum of products with a window that moves", async () => {
  expect(await along(conv1d(1, 3, ones))).toEqual([6, 9, 12]);
  const layer = built(conv1d(1, 2), spec(["B", 5, 1]));
  layer.weight.assign(tensor([10, 1], { shape: [2, 1, 1] })); // the kernel is not reversed
  layer.bias!.assign(tensor([0.5]));
  expect(await list(layer.call(steps))).toEqual([12.5, 23.5, 34.5, 45.5]);
});

describe("padding is Keras's:", () => {
  test("same gives as many places as strides fit, and the odd zero is at the end", async () => {
    expect(await along(conv1d(1, 2, { ...ones, padding: "same" }))).toEqual([3, 5, 7, 9, 5]);
    expect(await along(conv1d(1, 3, { ...ones, padding: "same", strides: 2 }))).toEqual([3, 9, 9]);
  });

  test("causal sees no later step", async () => {
    expect(await along(conv1d(1, 3, { ...ones, padding: "causal" }))).toEqual([1, 3, 6, 9, 12]);
    expect(await along(conv1d(1, 2, { ...ones, padding: "causal", dilationRate: 2 }))).toEqual([1, 2, 4, 6, 8]);
  });

  test("numbers of zeros are taken too", async () => {
    expect(await along(conv1d(1, 3, { ...ones, padding: 1 }))).toEqual([3, 6, 9, 12, 9]);
    expect(await along(conv1d(1, 3, { ...ones, padding: [2, 0] }))).toEqual([1, 3, 6, 9, 12]);
    const layer = built(
      conv2d(1, 3, {
        padding: [
          [1, 0],
          [0, 2],
        ],
      }),
      spec(["B", 4, 5, 1]),
    );
    expect(layer.call(zeros([1, 4, 5, 1])).shape).toEqual([1, 3, 5, 1]);
  });
});

test("shapes are Keras's", () => {
  const layer = built(conv2d(6, [3, 5], { groups: 2, strides: [1, 2] }), spec(["B", 9, 11, 4]));
  expect([layer.weight.shape, layer.bias!.shape]).toEqual([[3, 5, 2, 6], [6]]);
  expect(layer.call(zeros([2, 9, 11, 4])).shape).toEqual([2, 7, 4, 6]);
  expect(built(conv3d(2, 2, { useBias: false }), spec(["B", 4, 4, 4, 3])).weight.shape).toEqual([2, 2, 2, 3, 2]);
});

test("weights start Glorot-uniform, the window counting in both fans", async () => {
  const values = await list(built(conv2d(32, 5), spec(["B", 8, 8, 16])).weight.value);
  const limit = Math.sqrt(6 / (25 * (16 + 32)));
  const largest = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  expect(largest).toBeLessThanOrEqual(limit);
  expect(largest).toBeGreaterThan(0.99 * limit);
});

test("named sizes stay open", () => {
  const layer = built(conv2d(3, 3, { padding: "same", strides: 2 }), spec(["B", "H", "W", 1]));
  expect(layer.call(zeros([2, 6, 9, 1])).shape).toEqual([2, 3, 5, 3]);
});

test("integers, such as pixels, are taken as numbers", async () => {
  const layer = built(conv2d(1, 1, ones), spec(["B", 1, 2, 1], "uint8"));
  expect(await list(layer.call(tensor([255, 1], { shape: [1, 1, 2, 1], dtype: "uint8" })))).toEqual([255, 1]);
});

test("its regulariser counts", async () => {
  const layer = built(conv1d(2, 3, { ...ones, kernelRegularizer: l2(0.5) }), spec(["B", 5, 4]));
  expect(await regularization(layer).item()).toBe(12);
});

test("a summary says what it does", () => {
  expect(conv2d(32, 3, { activation: "relu" }).describe()).toBe("conv2d 32 of 3×3 relu, glorotUniform");
  expect(conv1d(8, 5, { padding: "causal", dilationRate: 4 }).describe()).toBe(
    "conv1d 8 of 5 causal dilation 4, glorotUniform",
  );
  expect(conv2d(8, 3, { strides: [1, 2], padding: [1, 2], groups: 2, kernelInit: "heNormal" }).describe()).toBe(
    "conv2d 8 of 3×3 stride 1×2 padding [1, 1]×[2, 2] groups 2, heNormal",
  );
});

describe("what does not fit is refused:", () => {
  test("images without channels", () => {
    expect(() => inside(conv2d(8, 3), spec(["B", 28, 28]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 conv2d: the input has rank 3, not 4, in (N, height, width, C).
        x: float32 [B, 28, 28]
        at: encoder.conv2d1 (conv.test.ts:90)
        fix: give it channels, as by reshape([28, 28, 1]).]
    `);
  });

  test("an image that is smaller than the window", () => {
    expect(() => inside(conv2d(8, 5), spec(["B", 4, 28, 1]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E210 nn.conv: the kernel reaches over 5 places, but axis 1 of x with its padding has 4.
        x: float32 [B, 4, 28, 1]
        w: float32 [5, 5, 1, 8]
        at: encoder.conv2d1 (conv.test.ts:99)
        fix: use padding: "same", a smaller kernel, or larger examples.]
    `);
  });

  test("other channels than it was built for, or than groups divide", () => {
    const layer = built(conv2d(8, 3), spec(["B", 8, 8, 3]));
    expect(() => layer.call(zeros([2, 8, 8, 1]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 conv2d: the input has 1 channels but the layer was built for 3.
        x: float32 [2, 8, 8, 1]
        at: conv.test.ts:110
        fix: give it 3 channels, the last axis.]
    `);
    expect(() => inside(conv2d(8, 3, { groups: 4 }), spec(["B", 8, 8, 6]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 conv2d: 6 channels do not divide into 4 groups.
        x: float32 [B, 8, 8, 6]
        at: encoder.conv2d1 (conv.test.ts:116)
        fix: give groups a divisor of the channels.]
    `);
    expect(() => inside(conv2d(8, 3), spec(["B", 8, 8, "C"]))).toThrow("axis 3 has the size C");
  });

  test("options", () => {
    expect(() => conv2d(8, 3, { padding: "smae" as never })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 conv2d: padding is "smae", which is no padding.
        fix: did you mean same?]
    `);
    expect(() => conv2d(8, 3, { padding: "causal" as never })).toThrow('padding is "causal"');
    expect(() => conv2d(8, 3, { stride: 2 } as never)).toThrow("did you mean strides?");
    expect(() => conv2d(8, 3, { dataFormat: "channelsFirst" } as never)).toThrow("channels are always the last axis");
    expect(() => conv2d(8, [3, 3, 3])).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 conv2d: kernelSize is [3, 3, 3], which is no whole number from 1, nor a list of 2.
        fix: give one number, or a list with one for each of the 2 axes.]
    `);
    expect(() => conv2d(8, 0)).toThrow("kernelSize is 0");
    expect(() => conv2d(8, undefined as never)).toThrow("kernelSize is undefined");
    expect(() => conv2d(8, 3, { groups: 3 })).toThrow("8 filters do not divide into 3 groups");
    expect(() => conv2d({ filters: 8 } as never, 3)).toThrow("filters is an object");
    expect(() => conv2d(8, 3, { kernelInit: "glorot" as never })).toThrow("E803");
  });
});

import "@tenon/interpreter";
import { type ConvTranspose, conv1dTranspose, conv2dTranspose, conv3dTranspose, summarize } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const x = tensor([1, 10], { shape: [1, 2, 1] });

/** What a layer makes of `x` with a kernel 1, 2, 3, …. */
function along(layer: ConvTranspose): Promise<number[]> {
  built(layer, spec(["B", 2, 1]));
  const [size] = layer.weight.shape as [number];
  layer.weight.assign(
    tensor(
      Float32Array.from({ length: size }, (_, i) => i + 1),
      { shape: [size, 1, 1] },
    ),
  );
  return list(layer.call(x));
}

test("each place adds its multiple of the kernel, in steps of the stride", async () => {
  expect(await along(conv1dTranspose(1, 3))).toEqual([1, 12, 23, 30]);
  expect(await along(conv1dTranspose(1, 3, { strides: 2 }))).toEqual([1, 2, 13, 20, 30]);
});

describe("sizes are Keras's:", () => {
  test("same gives size times stride", async () => {
    expect(await along(conv1dTranspose(1, 3, { strides: 2, padding: "same" }))).toEqual([1, 2, 13, 20]);
    expect(await along(conv1dTranspose(1, 4, { strides: 2, padding: "same" }))).toEqual([2, 13, 24, 30]);
    expect(await along(conv1dTranspose(1, 1, { strides: 2, padding: "same" }))).toEqual([1, 0, 10, 0]);
  });

  test("valid counts the end of a stride that a smaller kernel does not reach", async () => {
    expect(await along(conv1dTranspose(1, 1, { strides: 3 }))).toEqual([1, 0, 0, 10, 0, 0]);
  });

  test("zeros that are counted are left out, as in PyTorch", async () => {
    expect(await along(conv1dTranspose(1, 3, { strides: 2, padding: 1 }))).toEqual([2, 13, 20]);
    expect(await along(conv1dTranspose(1, 3, { strides: 2, padding: 1, outputPadding: 1 }))).toEqual([2, 13, 20, 30]);
  });
});

test("kernels have their filters before the channels", () => {
  const layer = built(conv2dTranspose(6, [3, 5], { strides: 2, padding: "same" }), spec(["B", 4, 5, 8]));
  expect([layer.weight.shape, layer.bias!.shape]).toEqual([[3, 5, 6, 8], [6]]);
  expect(layer.call(zeros([2, 4, 5, 8])).shape).toEqual([2, 8, 10, 6]);
  expect(built(conv3dTranspose(2, 2), spec(["B", 2, 2, 2, 1])).call(zeros([1, 2, 2, 2, 1])).shape).toEqual([
    1, 3, 3, 3, 2,
  ]);
  expect(layer.describe()).toBe("conv2dTranspose 6 of 3×5 stride 2 same, glorotUniform");
});

test("the zeros that spread its input are no operations", () => {
  const layer = built(conv2dTranspose(6, 2, { strides: 2, useBias: false }), spec(["B", 4, 4, 8]));
  const products = (8 * 8 * 6 * (2 * 2 * 2 * 8)) / 4;
  const { flops } = summarize(layer);
  expect(flops).toBeGreaterThanOrEqual(products);
  expect(flops).toBeLessThan(1.1 * products); // each result is put in its place besides
});

test("what does not fit is refused", () => {
  expect(() => inside(conv2dTranspose(6, 3), spec(["B", 7, 7]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 conv2dTranspose: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 7, 7]
      at: encoder.conv2dTranspose1 (conv-transpose.test.ts:65)
      fix: give it channels, as by reshape([7, 7, 1]).]
  `);
  const layer = built(conv1dTranspose(6, 3), spec(["B", 7, 2]));
  expect(() => layer.call(zeros([1, 7, 3]))).toThrow("the input has 3 channels but the layer was built for 2");
  expect(() => conv2dTranspose(6, 3, { outputPadding: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 conv2dTranspose: outputPadding is 1 but the stride is 1.
      fix: give it less than the stride, or larger strides.]
  `);
  expect(() => conv2dTranspose(6, 3, { groups: 2 } as never)).toThrow("E801");
});

import "@tenon/interpreter";
import * as layers from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const x = tensor([1, 10, 2, 20, 3, 60], { shape: [1, 3, 2] });

test("each channel's mean, or its largest value, over all places", async () => {
  expect(await list(layers.globalAveragePooling1d().call(x))).toEqual([2, 30]);
  expect(await list(layers.globalMaxPooling1d().call(x))).toEqual([3, 60]);
});

test.each([
  [layers.globalAveragePooling2d, [2, 4, 5, 3]],
  [layers.globalMaxPooling2d, [2, 4, 5, 3]],
  [layers.globalAveragePooling3d, [2, 4, 5, 6, 3]],
  [layers.globalMaxPooling3d, [2, 4, 5, 6, 3]],
])("the spatial axes go, or stay with size 1", (make, shape) => {
  expect(make().call(zeros(shape)).shape).toEqual([2, 3]);
  expect(make({ keepDims: true }).call(zeros(shape)).shape).toEqual([2, ...shape.slice(1, -1).map(() => 1), 3]);
});

test("steps that a mask leaves out count in no mean", async () => {
  const masked = layers.withMask(x, tensor([[true, true, false]]));
  expect(await list(layers.globalAveragePooling1d().call(masked))).toEqual([1.5, 15]);
  const none = layers.withMask(x, tensor([[false, false, false]]));
  expect(await list(layers.globalAveragePooling1d({ keepDims: true }).call(none))).toEqual([0, 0]);
});

test("what does not fit is refused", () => {
  expect(() => inside(layers.globalAveragePooling2d(), spec(["B", 8]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 globalAveragePooling2d: the input has rank 2, not 4, in (N, height, width, C).
      x: float32 [B, 8]
      at: encoder.globalAveragePooling2d1 (global-pooling.test.ts:34)
      fix: give it the axes (N, height, width, C).]
  `);
  expect(() => layers.globalMaxPooling2d({ keepdims: true } as never)).toThrow("did you mean keepDims?");
});

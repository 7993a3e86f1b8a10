import "@tenon/interpreter";
import { adaptiveAveragePooling1d, adaptiveAveragePooling2d, adaptiveAveragePooling3d } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("windows are chosen so that as many places come out as wanted, and may overlap", async () => {
  const x = tensor([1, 2, 3, 4, 5], { shape: [1, 5, 1] });
  expect(await list(adaptiveAveragePooling1d(2).call(x))).toEqual([2, 4]); // 1 2 3, 3 4 5
  expect(await list(adaptiveAveragePooling1d(3).call(x))).toEqual([1.5, 3, 4.5]);
});

test("what comes in has any size", () => {
  const layer = adaptiveAveragePooling2d([2, 3]);
  for (const shape of [
    [1, 7, 7, 4],
    [1, 12, 5, 4],
  ])
    expect(layer.call(zeros(shape)).shape).toEqual([1, 2, 3, 4]);
  expect(adaptiveAveragePooling3d(2).call(zeros([1, 4, 5, 6, 2])).shape).toEqual([1, 2, 2, 2, 2]);
  expect(layer.describe()).toBe("adaptiveAveragePooling2d 2×3");
});

test("what does not fit is refused", () => {
  expect(() => inside(adaptiveAveragePooling2d(2), spec(["B", 7, 7]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 adaptiveAveragePooling2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 7, 7]
      at: encoder.adaptiveAveragePooling2d1 (adaptive-average-pooling.test.ts:27)
      fix: give it channels, as by reshape([7, 7, 1]).]
  `);
  expect(() => adaptiveAveragePooling2d([2, 2, 2])).toThrow("outputSize is [2, 2, 2]");
  expect(() => adaptiveAveragePooling2d(0)).toThrow("outputSize is 0");
});

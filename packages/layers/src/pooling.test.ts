import "@tenon/interpreter";
import {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
} from "@tenon/layers";
import { setBackend, spec, tensor, valueAndGrad, variable, zeros } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const x = tensor([1, 5, 2, -8, -3], { shape: [1, 5, 1] });

test("windows lie side by side, and places that fill none are left out", async () => {
  expect(await list(maxPooling1d().call(x))).toEqual([5, 2]);
  expect(await list(averagePooling1d(2).call(x))).toEqual([3, -3]);
});

test("padding is never the largest, and counts in no mean, as in Keras", async () => {
  expect(await list(maxPooling1d(2, { padding: "same" }).call(x))).toEqual([5, 2, -3]);
  expect(await list(averagePooling1d(2, { padding: "same" }).call(x))).toEqual([3, -3, -3]);
  expect(await list(averagePooling1d(3, { strides: 1, padding: "same" }).call(x))).toEqual(
    [3, 8 / 3, -1 / 3, -3, -5.5].map(Math.fround),
  );
});

test("of equals the first has the gradient", async () => {
  const ties = variable(tensor([2, 2, 1, 3], { shape: [1, 4, 1] }));
  const [, gradient] = valueAndGrad(() => maxPooling1d(2).call(ties.value).sum(), ties);
  expect(await list(gradient)).toEqual([1, 0, 0, 1]);
});

test.each([
  [maxPooling2d, averagePooling2d, [2, 5, 7, 3], [2, 2, 3, 3], [2, 3, 4, 3]],
  [maxPooling3d, averagePooling3d, [2, 5, 7, 4, 3], [2, 2, 3, 2, 3], [2, 3, 4, 2, 3]],
])("shapes are Keras's", (max, average, shape, valid, same) => {
  for (const make of [max, average]) {
    expect(make().call(zeros(shape)).shape).toEqual(valid);
    expect(make({ padding: "same" }).call(zeros(shape)).shape).toEqual(same);
  }
});

test("the window is the first argument, or an option", () => {
  const image = zeros([1, 9, 9, 1]);
  const shapes = [
    maxPooling2d([3, 2]),
    maxPooling2d({ poolSize: [3, 2] }),
    maxPooling2d([3, 2], { strides: [3, 2] }),
  ].map((layer) => layer.call(image).shape);
  for (const shape of shapes) expect(shape).toEqual([1, 3, 4, 1]);
  expect(maxPooling2d(3, { strides: 2 }).describe()).toBe("maxPooling2d 3×3 stride 2");
  expect(averagePooling1d({ padding: "same" }).describe()).toBe("averagePooling1d 2 same");
});

describe("what does not fit is refused:", () => {
  test("images without channels", () => {
    expect(() => inside(maxPooling2d(), spec(["B", 28, 28]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 maxPooling2d: the input has rank 3, not 4, in (N, height, width, C).
        x: float32 [B, 28, 28]
        at: encoder.maxPooling2d1 (pooling.test.ts:61)
        fix: give it channels, as by reshape([28, 28, 1]).]
    `);
  });

  test("an image that is smaller than the window", () => {
    expect(() => inside(averagePooling2d(3), spec(["B", 2, 8, 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E210 nn.avg_pool: the window reaches over 3 places, but axis 1 of x with its padding has 2.
        x: float32 [B, 2, 8, 4]
        at: encoder.averagePooling2d1 (pooling.test.ts:70)
        fix: use padding: "same", a smaller window, or larger examples.]
    `);
  });

  test("options", () => {
    expect(() => maxPooling2d(0)).toThrow("poolSize is 0");
    expect(() => maxPooling2d(2, { stride: 2 } as never)).toThrow("did you mean strides?");
    expect(() => maxPooling2d({ size: 2 } as never)).toThrow("E801");
    expect(() => maxPooling2d(2, { dataFormat: "channelsFirst" } as never)).toThrow("E803");
  });
});

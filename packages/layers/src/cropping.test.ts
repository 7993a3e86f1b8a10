import "@tenon/interpreter";
import { cropping1d, cropping2d, cropping3d } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("the places at the edges are left out", async () => {
  expect(await list(cropping1d([0, 2]).call(tensor([[[1], [2], [3]]])))).toEqual([1]);
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], { shape: [1, 3, 3, 1] });
  expect(
    await list(
      cropping2d([
        [1, 0],
        [0, 1],
      ]).call(x),
    ),
  ).toEqual([4, 5, 7, 8]);
});

test("the defaults are Keras's", () => {
  expect(cropping1d().call(zeros([2, 5, 3])).shape).toEqual([2, 3, 3]);
  expect(cropping2d().call(zeros([2, 5, 6, 3])).shape).toEqual([2, 5, 6, 3]);
  expect(cropping3d().call(zeros([2, 5, 6, 7, 3])).shape).toEqual([2, 3, 4, 5, 3]);
});

test("what does not fit is refused", () => {
  expect(() => inside(cropping1d(2), spec(["B", 4, 1]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E210 cropping1d: axis 1 has size 4, and cropping [2, 2] leaves nothing.
      x: float32 [B, 4, 1]
      at: encoder.cropping1d1 (cropping.test.ts:29)
      fix: crop less, or give a larger input.]
  `);
  expect(() => inside(cropping3d(1), spec(["B", 4, 4, 1]))).toThrow("reshape([4, 4, 1, 1])");
  expect(() => cropping2d("all" as never)).toThrow('cropping is "all"');
});

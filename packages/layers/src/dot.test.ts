import "@tenon/interpreter";
import { dot } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, insideWith, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("features of two inputs give one number for each example, as in Keras", async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const y = tensor([
    [5, 6],
    [7, 8],
  ]);
  const z = built(dot({ axes: 1 }), spec(["B", 2]), spec(["B", 2])).call([x, y]);
  expect(z.shape).toEqual([2, 1]);
  expect(await list(z)).toEqual([17, 53]);
});

test("matrices are multiplied example by example, over axes that may differ", async () => {
  const x = tensor([
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  const y = tensor([
    [
      [1, 0],
      [1, 1],
    ],
  ]);
  expect(await list(dot({ axes: [2, 1] }).call([x, y]))).toEqual([3, 2, 7, 4]);
  expect(await list(dot({ axes: -1 }).call([x, y]))).toEqual([1, 3, 3, 7]);
  expect(dot({ axes: [1, 2] }).call([zeros([2, 3, 4]), zeros([2, 5, 3])]).shape).toEqual([2, 4, 5]);
});

test("normalised, it is the cosine of the angle between them, and 0 for zeros", async () => {
  const [cosine] = await list(dot({ axes: 1, normalize: true }).call([tensor([[3, 4]]), tensor([[4, 3]])]));
  expect(cosine).toBeCloseTo(24 / 25, 6);
  expect(await list(dot({ axes: 1, normalize: true }).call([zeros([1, 2]), tensor([[4, 3]])]))).toEqual([0]);
});

test("what does not fit is refused", () => {
  expect(() => insideWith(dot({ axes: 1 }), spec(["B", 3]), spec(["B", 4]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 dot: axis 1 of inputs[0] has size 3 but axis 1 of inputs[1] has size 4.
      inputs[0]: float32 [B, 3]
      inputs[1]: float32 [B, 4]
      at: head (dot.test.ts:48)
      fix: choose axes of equal size.]
  `);
  expect(() => insideWith(dot({ axes: 2 }), spec(["B", 3]), spec(["B", 4]))).toThrow("axis 2 of inputs[0]");
  expect(() => insideWith(dot({ axes: 1 }), spec(["B", 3]), spec(["N", 3]))).toThrow("inputs[0] has B examples");
  expect(() => dot({ axes: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 dot: axes is 0, which is no axis besides that of the examples.
      fix: give one axis, or one for each input, as in dot({ axes: [2, 1] }).]
  `);
  expect(() => dot({} as never)).toThrow("E803");
});

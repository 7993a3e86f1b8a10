import "@tenon/interpreter";
import { constant, l2, prelu, regularization } from "@tenon/layers";
import { setBackend, spec, tensor, valueAndGrad, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("negative values are multiplied by a slope that is learned", async () => {
  const layer = built(prelu({ alphaInit: constant(0.5) }), spec(["B", 3]));
  const x = tensor([[-2, 0, 4]]);
  expect(await list(layer.call(x))).toEqual([-1, 0, 4]);
  const [, gradient] = valueAndGrad(() => layer.call(x).sum(), layer.alpha);
  expect(await list(gradient)).toEqual([-2, 0, 0]);
});

test("there is a slope per feature, or one along shared axes", () => {
  expect(built(prelu(), spec(["B", 4, 5, 3])).alpha.shape).toEqual([4, 5, 3]);
  const shared = built(prelu({ sharedAxes: [1, 2] }), spec(["B", "H", "W", 3]));
  expect(shared.alpha.shape).toEqual([1, 1, 3]);
  expect(shared.call(zeros([2, 6, 7, 3])).shape).toEqual([2, 6, 7, 3]);
});

test("its regulariser counts", async () => {
  const layer = built(prelu({ alphaInit: "ones", alphaRegularizer: l2(0.5) }), spec(["B", 4]));
  expect(await regularization(layer).item()).toBe(2);
});

test("what does not fit is refused", () => {
  expect(() => inside(prelu({ sharedAxes: [3] }), spec(["B", 4, 3]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E205 prelu: sharedAxes has 3, which is no axis of an example of rank 3.
      x: float32 [B, 4, 3]
      at: encoder.prelu1 (prelu.test.ts:30)
      fix: use axes from 1 to 2.]
  `);
  expect(() => inside(prelu(), spec(["B", "T", 3]))).toThrow("axis 1 has the size T");
  expect(() => built(prelu(), spec(["B", 3])).call(zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 prelu: the examples are [4] but the layer was built for [3].
      x: float32 [2, 4]
      at: prelu.test.ts:37
      fix: give it examples of the shape that it was built for.]
  `);
  expect(() => prelu({ alphaInt: "zeros" } as never)).toThrow("did you mean alphaInit?");
});

import { expect, test } from "vitest";
import { applyOp, concat, concatOp, constant, input, spec, split, stack } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = constant([1, 2, 3, 4], [2, 2]);

test("tensors follow one another along an axis", () => {
  expect(evaluated(concat([x, constant([9, 9], [1, 2])]))).toEqual([1, 2, 3, 4, 9, 9]);
  expect(evaluated(concat([x, constant([8, 9], [2, 1])], { axis: -1 }))).toEqual([1, 2, 8, 3, 4, 9]);
  expect(concat([x])).toBe(x);
});

test("symbolic sizes add up", () => {
  const y = concat([input(spec(["B", 3])), input(spec([2, 3])), input(spec(["N", 3]))]);
  expect(y.shape.join()).toBe("B+N+2,3");
});

test("tensors meet in one dtype", () => {
  expect(concat([input(spec([1], "int32")), input(spec([1], "float16"))]).dtype).toBe("float16");
});

test("stack puts tensors along a new axis, split takes them apart", () => {
  expect(evaluated(stack([constant([1, 2]), constant([3, 4])], { axis: 1 }))).toEqual([1, 3, 2, 4]);
  expect(split(x, 2).map((part) => evaluated(part))).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(split(input(spec([5, "B"])), [2, 3]).map((t) => t.shape.join())).toEqual(["2,B", "3,B"]);
  expect(split(input(spec([3, "2*B"])), 2, { axis: 1 }).map((t) => t.shape.join())).toEqual(["3,B", "3,B"]);
});

test("parts that do not make up the axis are refused", () => {
  expect(refusal(() => split(x, [1, 2]))).toMatchInlineSnapshot(`
    "ShapeError E203 split: axis 0 of size 2 does not fall into parts of 1 + 2.
      x: float32 [2, 2]"
  `);
  expect(refusal(() => split(input(spec(["B"])), 2))).toMatchInlineSnapshot(`
    "ShapeError E203 split: axis 0 of size B does not fall into 2 equal parts.
      x: float32 [B]"
  `);
});

test("other axes must agree", () => {
  expect(refusal(() => concat([x, constant([1], [1, 1])]))).toMatchInlineSnapshot(`
    "ShapeError E203 concat: xs[0] and xs[1] differ outside axis 0.
      xs[0]: float32 [2, 2]
      xs[1]: float32 [1, 1]"
  `);
  expect(refusal(() => concat([]))).toMatchInlineSnapshot(
    `"ShapeError E209 concat: no tensor given, at least 1 wanted."`,
  );
  expect(refusal(() => applyOp(concatOp, [x, constant([1, 2], [1, 2], "int32")], { axis: 0 }))).toMatchInlineSnapshot(`
    "DTypeError E201 concat: xs[0] is float32 but xs[1] is int32.
      xs[0]: float32 [2, 2]
      xs[1]: int32 [1, 2]
      fix: convert one of them."
  `);
});

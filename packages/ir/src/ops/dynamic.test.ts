import { expect, test } from "vitest";
import { constant, dimSymbol, dynamicSlice, dynamicUpdate, input, iota, spec } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = iota([2, 4], 0, "float32")
  .mul(10)
  .add(iota([2, 4], 1));

test("a block begins at its start, clamped so that it lies inside", () => {
  expect(evaluated(dynamicSlice(x, [1, 1], [1, 2]))).toEqual([11, 12]);
  expect(evaluated(dynamicSlice(x, [-5, 9], [1, 2]))).toEqual([2, 3]);
});

test("an update is clamped in the same way", () => {
  expect(evaluated(dynamicUpdate(x, constant([7, 8], [1, 2]), [9, -1]))).toEqual([0, 1, 2, 3, 7, 8, 12, 13]);
});

test("starts may be computed, sizes may be symbolic", () => {
  const [rows, at] = [input(spec(["B+2", 3])), input(spec([], "int32"))];
  expect(dynamicSlice(rows, [at.add(1), 0], [dimSymbol("B"), 3]).shape.map(String)).toEqual(["B", "3"]);
});

test("a block larger than the operand is refused", () => {
  expect(refusal(() => dynamicSlice(x, [0, 0], [3, 1]))).toMatchInlineSnapshot(`
    "ShapeError E210 dynamic_slice: a block of 3 does not fit axis 0 of size 2.
      x: float32 [2, 4]
      starts[0]: int32 []
      starts[1]: int32 []"
  `);
  expect(refusal(() => dynamicSlice(input(spec(["B"])), [0], [2]))).toMatchInlineSnapshot(`
    "ShapeError E210 dynamic_slice: a block of 2 may not fit axis 0 of size B.
      x: float32 [B]
      starts[0]: int32 []
      fix: give the symbols ranges from which 2 <= B follows."
  `);
  expect(refusal(() => dynamicSlice(x, [0], [1, 1]))).toMatchInlineSnapshot(`
    "ShapeError E209 dynamic_slice: 1 of 2 starts given.
      x: float32 [2, 4]
      starts[0]: int32 []
      fix: give one start per axis of x."
  `);
});

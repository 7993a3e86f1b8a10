import { expect, test } from "vitest";
import { constant, input, segmentSum, spec } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const ids = (...values: number[]) => constant(values, [values.length], "int32");

test("rows are added up by their numbers, in any order; out of range they belong to none", () => {
  const x = constant([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
  expect(evaluated(segmentSum(x, ids(2, 0, 2, 3), { segments: 3 }))).toEqual([3, 4, 0, 0, 6, 8]);
});

test("16-bit floats are added in float32", () => {
  const x = constant([2048, 1, 1], [3], "float16"); // 2049 is no float16
  expect(stepwise(segmentSum(x, ids(0, 0, 0), { segments: 1 })).values).toEqual([2050]);
});

test("the number of segments may be symbolic", () => {
  const [B] = spec(["B"]).shape;
  const y = segmentSum(input(spec([4, 2])), ids(0, 1, 0, 1), { segments: B! });
  expect(y.shape.map(String)).toEqual(["B", "2"]);
});

test("ids that are not one for each row are refused", () => {
  expect(refusal(() => segmentSum(constant(0, [4, 2]), ids(0, 1), { segments: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E203 segmentSum: ids are [2] but x begins with [4], in (n,…),(n)->(segments,…).
      x: float32 [4, 2]
      ids: int32 [2]
      fix: give an id for each row of x."
  `);
  expect(refusal(() => segmentSum(constant(0, [2]), constant([0, 1]), { segments: 2 }))).toMatchInlineSnapshot(`
    "DTypeError E201 segmentSum: indices are float32 where an integer type is wanted.
      indices: float32 [2]
      fix: convert them, for example indices.cast("int32")."
  `);
});

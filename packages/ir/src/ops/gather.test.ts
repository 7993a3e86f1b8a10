import { expect, test } from "vitest";
import { constant, gather, input, iota, spec, take, takeAlong } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = iota([2, 3], 0, "float32")
  .mul(10)
  .add(iota([2, 3], 1));
const indices = (...list: number[]) => constant(list, [list.length], "int32");

test("gather puts the indices' axes in the place of the axis", () => {
  const y = gather(x, constant([2, 0, 1, 1], [2, 2], "int32"), { axis: 1 });
  expect(y.shape).toEqual([2, 2, 2]);
  expect(evaluated(y)).toEqual([2, 0, 1, 1, 12, 10, 11, 11]);
});

test("batch axes go together", () => {
  expect(evaluated(gather(x, constant([2, 0, 1, 1], [2, 2], "int32"), { axis: 1, batch: 1 }))).toEqual([2, 0, 11, 11]);
});

test("an index out of range reads 0", () => {
  expect(evaluated(take(x, indices(-1, 3, 2), { axis: 1 }))).toEqual([0, 0, 2, 0, 0, 12]);
});

test("take without an axis counts all elements", () => {
  expect(evaluated(take(x, indices(4, 0)))).toEqual([11, 0]);
  expect(evaluated(x.take(5))).toEqual([12]);
});

test("takeAlong reads one entry per index of a line, or one per line", () => {
  expect(evaluated(takeAlong(x, constant([1, 0, 0], [1, 3], "int32"), { axis: 0 }))).toEqual([10, 1, 2]);
  const y = x.takeAlong(constant([2, 1], [2], "uint8"));
  expect(y.shape).toEqual([2]);
  expect(evaluated(y)).toEqual([2, 11]);
});

test("a symbolic axis stays symbolic", () => {
  const rows = input(spec(["B", 3]));
  expect(takeAlong(rows, input(spec(["B"], "int32"))).shape.map(String)).toEqual(["B"]);
});

test("indices are integers, and their other axes those of the operand", () => {
  expect(refusal(() => take(x, constant([0.5]), { axis: 0 }))).toMatchInlineSnapshot(`
    "DTypeError E201 take: indices are float32 where an integer type is wanted.
      indices: float32 [1]
      fix: convert them, for example indices.cast("int32")."
  `);
  expect(refusal(() => takeAlong(x, indices(0, 1, 2)))).toMatchInlineSnapshot(`
    "ShapeError E203 takeAlong: indices [3] do not go along axis -1 of [2, 3].
      x: float32 [2, 3]
      indices: int32 [3]
      fix: every other axis must have the same size in both."
  `);
  expect(refusal(() => gather(x, indices(0, 1, 2), { axis: 1, batch: 1 }))).toMatchInlineSnapshot(`
    "ShapeError E203 gather: batch axes are [2] in x but [3] in the indices.
      x: float32 [2, 3]
      indices: int32 [3]"
  `);
});

import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { argmax, argmin, constant, dimSymbol, embedding, input, oneHot, spec, topK } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

test("argmax and argmin take the first of equals, and the first NaN", () => {
  expect(evaluated(argmax(constant([1, 3, 3, 2])))).toEqual([1]);
  expect(evaluated(argmin(constant([1, 0, 3, 0])))).toEqual([1]);
  expect(evaluated(argmax(constant([1, NaN, 3, NaN])))).toEqual([1]);
  expect(evaluated(argmin(constant([1, NaN, 3, NaN])))).toEqual([1]);
});

test("argmax counts all elements where no axis is given", () => {
  const x = constant([1, 9, 3, 4, 5, 6], [2, 3]);
  expect(evaluated(x.argmax())).toEqual([1]);
  expect(evaluated(x.argmax({ axis: 0 }))).toEqual([1, 0, 1]);
  expect(x.argmax({ axis: 1, keepDims: true }).shape).toEqual([2, 1]);
  expect(x.argmax().dtype).toBe("int32");
  expect(evaluated(constant([0, 1], [2], "bool").argmax())).toEqual([1]);
});

test("topK gives the largest first, of equals the first, and where they stood", () => {
  const [values, indices] = topK(constant([1, 5, 5, 0, 7]), 3);
  expect(evaluated(values)).toEqual([7, 5, 5]);
  expect(evaluated(indices)).toEqual([4, 1, 2]);
});

test("the gradient of topK goes to the entries that were chosen", () => {
  const x = input(spec([2, 3]));
  const [values] = topK(x, 1, { axis: 0 });
  const { gradients } = backward([values], [x], [constant([1, 2, 3], [1, 3])]);
  expect(evaluated(gradients[0]!, [[x, [1, 8, 3, 4, 5, 6]]])).toEqual([0, 2, 0, 1, 0, 3]);
});

test("oneHot adds an axis; an index out of range gives zeros", () => {
  const y = oneHot(constant([1, -1, 2], [3], "int8"), 3);
  expect(y.shape).toEqual([3, 3]);
  expect(evaluated(y)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 1]);
  expect(oneHot(input(spec(["B"], "int32")), dimSymbol("C"), { dtype: "bool" }).shape.map(String)).toEqual(["B", "C"]);
});

test("embedding adds up the gradients of rows that are used twice", () => {
  const [table, ids] = [input(spec([3, 2])), input(spec(["B"], "int32"))];
  const y = embedding(table, ids);
  const { gradients } = backward([y.sum()], [table], [constant(1)]);
  const given = [
    [table, [1, 2, 3, 4, 5, 6]],
    [ids, [2, 2, 0, 7]],
  ] as const;
  expect(evaluated(y, given)).toEqual([5, 6, 5, 6, 1, 2, 0, 0]);
  expect(evaluated(gradients[0]!, given)).toEqual([1, 1, 0, 0, 2, 2]);
});

test("what cannot be selected is refused", () => {
  expect(refusal(() => topK(constant([1, 2]), 3))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.top_k: k is 3, more than the size 2 of axis 0.
      x: float32 [2]"
  `);
  expect(refusal(() => topK(input(spec(["B"])), 3))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.top_k: k is 3, which may be more than the size B of axis 0.
      x: float32 [B]"
  `);
  expect(refusal(() => argmax(constant([], [0]), { axis: 0 }))).toMatchInlineSnapshot(`
    "ShapeError E208 nn.argmax: axis 0 has size 0, and nothing has no extreme value.
      x: float32 [0]"
  `);
  expect(refusal(() => embedding(constant([1, 2]), constant([0], [1], "int32")))).toMatchInlineSnapshot(`
    "ShapeError E206 nn.embedding: table has rank 1, not 2, in (rows,width),(…)->(…,width).
      table: float32 [2]
      ids: int32 [1]"
  `);
  expect(refusal(() => oneHot(constant([0.5]), 3))).toMatchInlineSnapshot(`
    "DTypeError E201 oneHot: indices are float32 where an integer type is wanted.
      indices: float32 [1]
      fix: convert them, for example indices.cast("int32")."
  `);
});

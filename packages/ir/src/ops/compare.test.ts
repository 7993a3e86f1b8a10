import { expect, test } from "vitest";
import {
  constant,
  equal,
  greater,
  greaterEqual,
  input,
  isFinite,
  less,
  lessEqual,
  notEqual,
  select,
  spec,
  where,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const [x, y] = [constant([1, 2, 3, NaN, 0]), constant([2, 2, 2, NaN, -0])];

test("comparisons are those of IEEE: NaN equals nothing and has no order, and zeros are equal", () => {
  expect(evaluated(equal(x, y))).toEqual([0, 1, 0, 0, 1]);
  expect(evaluated(notEqual(x, y))).toEqual([1, 0, 1, 1, 0]);
  expect(evaluated(less(x, y))).toEqual([1, 0, 0, 0, 0]);
  expect(evaluated(lessEqual(x, y))).toEqual([1, 1, 0, 0, 1]);
  expect(evaluated(greater(x, y))).toEqual([0, 0, 1, 0, 0]);
  expect(evaluated(greaterEqual(x, y))).toEqual([0, 1, 1, 0, 1]);
  expect(equal(x, y).dtype).toBe("bool");
});

test("an integer tensor is compared with a fraction as float32", () => {
  expect(evaluated(less(constant([0, 1], [2], "int32"), 0.5))).toEqual([1, 0]);
});

test("select takes from the second where the condition holds, and broadcasts all three", () => {
  const condition = constant([1, 0], [2, 1], "bool");
  expect(evaluated(select(condition, constant([1, 2, 3]), -1))).toEqual([1, 2, 3, -1, -1, -1]);
  expect(where).toBe(select);
});

test("a condition is bool", () => {
  expect(refusal(() => select(input(spec([2])), 1, 0))).toMatchInlineSnapshot(`
    "DTypeError E201 select: condition is float32 where bool is wanted.
      condition: float32 [2]
      x: float32 [2]
      y: float32 [2]
      fix: compare it, for example x.notEqual(0)."
  `);
});

test("isFinite is false for infinities and NaN", () => {
  expect(evaluated(isFinite(constant([1, Infinity, -Infinity, NaN])))).toEqual([1, 0, 0, 0]);
});

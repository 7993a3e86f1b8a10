import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, input, putAlong, scatter, spec, type Tensor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const indices = (...list: number[]): Tensor => constant(list, [list.length], "int32");

test("updates of one element are added up, and one out of range is dropped", () => {
  expect(
    evaluated(scatter(constant([1, 1, 1]), indices(2, 0, 2, 3, -1), constant([1, 2, 3, 4, 5]), { axis: 0 })),
  ).toEqual([3, 1, 5]);
});

test("of several updates set keeps the last, max the largest, min the smallest", () => {
  const updates = constant([5, -7, 4]);
  const [x, at] = [constant([1, 1]), indices(1, 1, 1)];
  expect(evaluated(scatter(x, at, updates, { axis: 0, mode: "set" }))).toEqual([1, 4]);
  expect(evaluated(scatter(x, at, updates, { axis: 0, mode: "max" }))).toEqual([1, 5]);
  expect(evaluated(scatter(x, at, updates, { axis: 0, mode: "min" }))).toEqual([1, -7]);
});

test("integers wrap", () => {
  expect(
    evaluated(scatter(constant([250], [1], "uint8"), indices(0, 0), constant([5, 5], [2], "uint8"), { axis: 0 })),
  ).toEqual([4]);
});

test("putAlong writes where takeAlong reads", () => {
  const x = constant(0, [2, 3]);
  expect(evaluated(putAlong(x, indices(2, 0), constant([1, 2])))).toEqual([0, 0, 1, 2, 0, 0]);
  expect(
    evaluated(putAlong(x, constant([1, 0, 1], [1, 3], "int32"), constant([1, 2, 3], [1, 3]), { axis: 0, mode: "add" })),
  ).toEqual([0, 2, 0, 1, 0, 3]);
});

test("max divides the gradient among the equal largest, the operand's own entry included", () => {
  const [x, updates] = [input(spec([2])), input(spec([4]))];
  const y = scatter(x, indices(0, 0, 1, 9), updates, { axis: 0, mode: "max" });
  const { gradients } = backward([y], [x, updates], [constant([6, 6])]);
  const given = [
    [x, [3, 5]],
    [updates, [3, 3, 4, 0]],
  ] as const;
  expect(gradients.map((dx) => evaluated(dx!, given))).toEqual([
    [2, 6],
    [2, 2, 0, 0],
  ]);
});

test("a set that may write an element twice has no derivative", () => {
  const x = input(spec([2]));
  const y = scatter(x, indices(0, 0), constant([1, 2]), { axis: 0, mode: "set" });
  expect(refusal(() => backward([y], [x], [constant([1, 1])]))).toMatchInlineSnapshot(`
    "DifferentiationError E601 scatter: it cannot be differentiated: with mode "set" an index may come twice.
      fix: say unique: true if the indices differ, or use mode add."
  `);
});

test("updates have the shape that gather would give", () => {
  expect(
    refusal(() => scatter(constant([1, 2]), indices(0, 1), constant([1, 2, 3]), { axis: 0 })),
  ).toMatchInlineSnapshot(`
    "ShapeError E202 scatter: updates are [3] where [2] is wanted.
      x: float32 [2]
      indices: int32 [2]
      updates: float32 [3]
      fix: give one update per gathered element."
  `);
});

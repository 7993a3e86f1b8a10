import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, input, type PadMode, padWith, spec, type Tensor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const padded = (values: readonly number[], lo: number, hi: number, mode: PadMode): number[] =>
  evaluated(padWith(constant(values), { lo: [lo], hi: [hi], mode }));

test("each mode continues the operand as NumPy does, also beyond its own length", () => {
  expect(padded([1, 2, 3], 2, 1, "constant")).toEqual([0, 0, 1, 2, 3, 0]);
  expect(padded([1, 2, 3], 2, 2, "edge")).toEqual([1, 1, 1, 2, 3, 3, 3]);
  expect(padded([1, 2, 3], 2, 2, "reflect")).toEqual([3, 2, 1, 2, 3, 2, 1]);
  expect(padded([1, 2, 3], 2, 2, "wrap")).toEqual([2, 3, 1, 2, 3, 1, 2]);
  expect(padded([1, 2, 3], 5, 6, "reflect")).toEqual([2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1]);
  expect(padded([1, 2, 3], 4, 5, "wrap")).toEqual([3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]);
  expect(padded([7], 2, 1, "reflect")).toEqual([7, 7, 7, 7]);
});

test("corners are continued along one axis after the other", () => {
  const x = constant([1, 2, 3, 4], [2, 2]);
  expect(evaluated(padWith(x, { lo: [1, 1], mode: "edge" }))).toEqual([1, 1, 2, 1, 1, 2, 3, 3, 4]);
});

test("the gradient of an entry is the sum over its copies", () => {
  const x = constant([1, 2, 3]);
  const y = padWith(x, { lo: [2], hi: [2], mode: "reflect" });
  const dy = constant([1, 10, 100, 1000, 10000, 100000, 1000000]);
  expect(evaluated(backward([y], [x], [dy]).gradients[0]!)).toEqual([1000100, 101010, 10001]);
});

test("what surely fits a symbolic axis is added to it", () => {
  const x: Tensor = input(spec(["2*H", 3]));
  expect(padWith(x, { lo: [1], hi: [1], mode: "reflect" }).shape.map(String)).toEqual(["2*H+2", "3"]);
  const y = padWith(x, { lo: [2], mode: "wrap" });
  expect(evaluated(y, [[x, [1, 2, 3, 4, 5, 6]]])).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
  expect(refusal(() => padWith(x, { lo: [2], mode: "reflect" }))).toMatchInlineSnapshot(`
    "ShapeError E210 padWith: 2 entries may be more than axis 0 of size 2*H has.
      x: float32 [2*H, 3]
      fix: give the symbols ranges from which 2 <= 2*H-1 follows."
  `);
});

test("widths, modes and values that mean nothing are refused", () => {
  const x = constant([1, 2, 3]);
  expect(refusal(() => padWith(x, { lo: [1], mode: "mirror" as PadMode }))).toMatchInlineSnapshot(`
    "OptionError E803 padWith: mode is "mirror".
      fix: use one of constant, reflect, edge, wrap."
  `);
  expect(refusal(() => padWith(x, { lo: [-1], mode: "edge" }))).toMatchInlineSnapshot(`
    "OptionError E803 padWith: lo is [-1].
      fix: give whole numbers from 0, for at most 1 of the axes."
  `);
  expect(refusal(() => padWith(x, { lo: [1], mode: "edge", value: 3 }))).toMatchInlineSnapshot(`
    "OptionError E803 padWith: value is given, but the mode is edge.
      fix: use mode: "constant"."
  `);
  expect(refusal(() => padWith(constant([], [0]), { lo: [1], mode: "wrap" }))).toMatchInlineSnapshot(`
    "ShapeError E210 padWith: axis 0 of x has size 0, and nothing cannot be continued.
      x: float32 [0]"
  `);
});

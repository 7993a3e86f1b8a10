import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, input, resize, spec, type Tensor, topologicalOrder } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const row = (...values: number[]): Tensor => constant(values, [1, values.length, 1]);

test("the nearest place is the one below the middle of a pixel", () => {
  expect(evaluated(resize(row(1, 2), { size: 4 }))).toEqual([1, 1, 2, 2]);
  expect(evaluated(resize(row(1, 2, 3, 4, 5), { size: 3 }))).toEqual([1, 3, 5]);
  expect(evaluated(resize(row(1, 2, 3), { size: 5 }))).toEqual([1, 1, 2, 3, 3]);
});

test("linear between the middles of pixels, or from corner to corner", () => {
  expect(evaluated(resize(row(0, 4), { size: 4, method: "linear" }))).toEqual([0, 1, 3, 4]);
  expect(evaluated(resize(row(0, 6), { size: 4, method: "linear", alignCorners: true }))).toEqual([0, 2, 4, 6]);
  expect(evaluated(resize(row(5, 6), { size: 1, method: "linear", alignCorners: true }))).toEqual([5]);
});

test("constants stay constant: the weights of each place are 1 in all", () => {
  for (const size of [1, 2, 3, 5, 7, 11]) {
    for (const method of ["nearest", "linear"] as const)
      for (const y of evaluated(resize(constant(3, [1, 5, 4, 2]), { size, method }))) expect(y).toBeCloseTo(3, 12);
  }
});

test("gradients scatter nothing", () => {
  for (const size of [3, 4, 7]) {
    const x = row(1, 2, 3, 4);
    const y = resize(x, { size, method: "linear" });
    const dx = backward([y], [x], [y]).gradients[0]!;
    expect(topologicalOrder([dx]).filter(({ op }) => op.name === "scatter")).toEqual([]);
  }
});

test("integers and truth values have nearest places; the sizes of x may be symbolic", () => {
  const mask = constant([true, false].map(Number), [1, 2, 1], "bool");
  expect(evaluated(resize(mask, { size: 4 }))).toEqual([1, 1, 0, 0]);
  const x = input(spec(["B", "H", 4]));
  const known = constant([1, 5, 2, 0, 3, 7], [1, 3, 2]);
  const wide = input(spec([1, "H", 2]));
  for (const method of ["nearest", "linear"] as const) {
    expect(resize(x, { size: 5, method }).shape.map(String)).toEqual(["B", "5", "4"]);
    const dx = (t: Tensor): Tensor => {
      const y = resize(t, { size: 5, method });
      return backward([y], [t], [y]).gradients[0]!;
    };
    expect(evaluated(dx(wide), [[wide, evaluated(known)]])).toEqual(evaluated(dx(known)));
  }
});

test("options that do not go together are refused", () => {
  const x = row(1, 2);
  expect(refusal(() => resize(x, { size: 4, alignCorners: true }))).toMatchInlineSnapshot(`
    "OptionError E803 resize: alignCorners is true, but the method is nearest.
      fix: use method: "linear"."
  `);
  expect(refusal(() => resize(x, { size: [4, 4] }))).toMatchInlineSnapshot(`
    "OptionError E803 resize: size has 2 numbers, where the number of spatial axes is 1.
      fix: give a whole number from 1, or a list of 1."
  `);
  expect(refusal(() => resize(x, { size: 4, method: "bilinear" as "linear" }))).toMatchInlineSnapshot(`
    "OptionError E803 nn.resize: method is "bilinear", which is not one of nearest, linear.
      x: float32 [1, 2, 1]"
  `);
  expect(refusal(() => resize(constant([], [1, 0, 1]), { size: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.resize: axis 1 of x has size 0, and nothing has no places.
      x: float32 [1, 0, 1]"
  `);
});

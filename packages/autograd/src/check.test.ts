import { evaluateTensors } from "@tenon/interpreter";
import { defineOp, type Elements, type Tensor } from "@tenon/ir";
import { expect, test } from "vitest";
import { checkGradients } from "./check.ts";
import { refusal } from "./refusal.test-kit.ts";

const tolerance = {
  step: 1e-6,
  relative: 1e-5,
  absolute: 1e-7,
  transpose: 1e-10,
  cancellation: 1e-15,
  fullJacobian: 4,
  directions: 3,
};
const options = { evaluate: evaluateTensors, tolerance };
const point = (...data: number[]): Elements => ({
  dtype: "float32",
  shape: [data.length],
  data: Float64Array.from(data),
});

/** x², with rules that are off by a factor. */
const square = (vjpFactor: number, jvpFactor: number) =>
  defineOp({
    name: `test.square_${vjpFactor}_${jvpFactor}`,
    version: 1,
    numeric: "exact",
    inputs: ["x"],
    shape: ([x]) => x.shape,
    decompose: ([x]) => x.mul(x),
    vjp: ([x], _results, [dy]) => [dy.mul(x).mul(vjpFactor)],
    jvp: ([x], [dx]) => (dx === null ? null : dx.mul(x).mul(jvpFactor)),
  });
const check = (op: ReturnType<typeof square>, x: Elements, differences = true) => {
  return refusal(() => checkGradients((x: Tensor) => [op(x)], [x], { ...options, differences }));
};

test("right rules pass, for the full Jacobian and along random directions", () => {
  expect(check(square(2, 2), point(0.5, -3))).toBe("nothing was refused");
  expect(refusal(() => checkGradients((x: Tensor) => [x.mul(x)], [point(1, 2, 3, 4, 5)], options))).toBe(
    "nothing was refused",
  );
});

test("a wrong rule is told with the element and the two values", () => {
  expect(check(square(2, 3), point(0.5, -3))).toMatchInlineSnapshot(`
    "DifferentiationError E613 checkGradients: forward mode gives 1.5 for element 0 of result 0 along element 0 of float input 0, differences give 0.9999999999871223.
      fix: mend the rule that differs, or leave points out where the function is not smooth."
  `);
});

test("modes that disagree are told, also where differences are left out", () => {
  expect(check(square(3, 2), point(0.5, -3), false)).toMatchInlineSnapshot(`
    "DifferentiationError E613 checkGradients: ⟨u, J·v⟩ is -0.5625 in forward mode but -0.84375 in reverse mode, along element 0 of float input 0.
      fix: mend the rule that differs, or leave points out where the function is not smooth."
  `);
});

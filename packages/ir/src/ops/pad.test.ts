import { expect, test } from "vitest";
import { applyOp, constant, input, pad, padOp, spec } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = constant([1, 2, 3]);

test("values go before, after and between the elements", () => {
  expect(evaluated(pad(x, { lo: [2], hi: [1] }))).toEqual([0, 0, 1, 2, 3, 0]);
  expect(evaluated(pad(x, { interior: [1], value: 9 }))).toEqual([1, 9, 2, 9, 3]);
  expect(evaluated(pad(constant([1, 2], [1, 2]), { lo: [1], hi: [0, 1], value: -1 }))).toEqual([-1, -1, -1, 1, 2, -1]);
});

test("nothing goes between the elements of an empty axis", () => {
  expect(evaluated(pad(constant([], [0]), { lo: [1], interior: [3] }))).toEqual([0]);
  expect(evaluated(pad(constant([5], [1]), { interior: [3] }))).toEqual([5]);
});

test("a padding of nothing is the tensor itself", () => {
  expect(pad(x, { lo: [0], hi: [0] })).toBe(x);
});

test("sizes may be symbolic", () => {
  expect(pad(input(spec(["B", 3])), { lo: [1], hi: [2], interior: [1] }).shape.join()).toBe("2*B+2,3");
});

test("the value takes the tensor's dtype, and must fit it", () => {
  expect(evaluated(pad(constant([1], [1], "int32"), { lo: [1], value: 7 }))).toEqual([7, 1]);
  expect(refusal(() => pad(constant([1], [1], "int32"), { lo: [1], value: 0.5 }))).toMatchInlineSnapshot(`
    "DTypeError E201 pad: 0.5 is not representable in int32.
      fix: use a whole number from -2147483648 to 2147483647, or cast the tensor."
  `);
});

test("the op wants one width per axis and one value of the operand's dtype", () => {
  const widths = { lo: [1], hi: [0], interior: [0] };
  expect(refusal(() => applyOp(padOp, [x, constant(0, [1])], widths))).toMatchInlineSnapshot(`
    "ShapeError E206 pad: value has rank 1, not 0.
      x: float32 [3]
      value: float32 [1]"
  `);
  expect(refusal(() => applyOp(padOp, [x, constant(0, [], "int32")], widths))).toMatchInlineSnapshot(`
    "DTypeError E201 pad: x is float32 but value is int32.
      x: float32 [3]
      value: int32 []
      fix: convert one of them."
  `);
  expect(refusal(() => pad(x, { lo: [1, 1] }))).toMatchInlineSnapshot(`
    "ShapeError E206 pad: lo has 2 entries but x has rank 1.
      x: float32 [3]
      value: float32 []"
  `);
  expect(refusal(() => pad(x, { lo: [-1] }))).toMatchInlineSnapshot(`
    "OptionError E803 pad: lo is [-1], which is not a list of sizes.
      x: float32 [3]"
  `);
});

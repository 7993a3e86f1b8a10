import { expect, test } from "vitest";
import {
  abs,
  constant,
  type DType,
  input,
  intDiv,
  maximum,
  neg,
  pow,
  reciprocal,
  rem,
  sign,
  spec,
  square,
  sub,
  type Tensor,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const ints = (values: readonly number[], dtype: DType = "int32"): Tensor => constant(values, [values.length], dtype);

test("integers wrap in sums, products, negation and absolute values", () => {
  expect(evaluated(ints([2147483647]).add(1))).toEqual([-2147483648]);
  expect(evaluated(sub(ints([0], "uint32"), 1))).toEqual([4294967295]);
  expect(evaluated(ints([123456789]).mul(987654321))).toEqual([-67153019]);
  expect(evaluated(ints([100], "int8").mul(3))).toEqual([44]);
  expect(evaluated(neg(ints([-2147483648, 0])))).toEqual([-2147483648, 0]);
  expect(evaluated(abs(ints([-128], "int8")))).toEqual([-128]);
});

test("integer quotients are truncated, remainders have the sign of the dividend, and 0 divides without a trap", () => {
  const [x, y] = [ints([7, -7, 7, -7, 5]), ints([2, 2, -2, -2, 0])];
  expect(evaluated(intDiv(x, y))).toEqual([3, -3, -3, 3, 0]);
  expect(evaluated(rem(x, y))).toEqual([1, -1, 1, -1, 0]);
  expect(evaluated(intDiv(ints([4294967295], "uint32"), 2))).toEqual([2147483647]);
  expect(evaluated(intDiv(ints([-2147483648]), -1))).toEqual([-2147483648]);
});

test("remainders of floats have the sign of the dividend", () => {
  expect(evaluated(rem(constant([5.5, -5.5, 5.5]), constant([2, 2, -2])))).toEqual([1.5, -1.5, 1.5]);
});

test("sign keeps zeros and NaN", () => {
  expect(evaluated(sign(constant([-3, -0, 0, 2, NaN])))).toEqual([-1, -0, 0, 1, NaN]);
});

test("maximum orders zeros and lets NaN through", () => {
  expect(evaluated(maximum(constant([-0, NaN, -Infinity]), constant([0, 1, -5])))).toEqual([0, NaN, -5]);
});

test("pow follows IEEE at the edges", () => {
  const bases = [2, -2, -2, 0, 0, 1, -1, NaN];
  const exponents = [0.5, 3, 0.5, 0, -1, NaN, Infinity, 0];
  expect(evaluated(pow(constant(bases, [8], "float64"), constant(exponents, [8], "float64")))).toEqual([
    Math.SQRT2,
    -8,
    NaN,
    1,
    Infinity,
    1,
    1,
    1,
  ]);
});

test("square and reciprocal are x·x and 1/x", () => {
  expect(evaluated(square(constant([-3, 0.5])))).toEqual([9, 0.25]);
  expect(evaluated(reciprocal(constant([-4, 0.5])))).toEqual([-0.25, 2]);
  expect(reciprocal(ints([4])).dtype).toBe("float32");
});

test("arithmetic needs numbers", () => {
  const flags = input(spec([2], "bool"));
  expect(refusal(() => flags.add(flags))).toMatchInlineSnapshot(`
    "DTypeError E201 add: x is bool where a number type is wanted.
      x: bool [2]
      y: bool [2]"
  `);
  expect(refusal(() => neg(flags))).toMatchInlineSnapshot(`
    "DTypeError E201 neg: x is bool where a number type is wanted.
      x: bool [2]"
  `);
});

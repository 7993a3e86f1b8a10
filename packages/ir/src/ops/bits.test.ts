import { expect, test } from "vitest";
import { and, constant, type DType, input, not, or, shl, shr, spec, type Tensor, xor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const ints = (dtype: DType, ...values: number[]): Tensor => constant(values, [values.length], dtype);

test("logical ops of bool have their truth tables", () => {
  const [x, y] = [ints("bool", 0, 0, 1, 1), ints("bool", 0, 1, 0, 1)];
  expect(evaluated(and(x, y))).toEqual([0, 0, 0, 1]);
  expect(evaluated(or(x, y))).toEqual([0, 1, 1, 1]);
  expect(evaluated(xor(x, y))).toEqual([0, 1, 1, 0]);
  expect(evaluated(not(x))).toEqual([1, 1, 0, 0]);
});

test("bitwise ops of integers stay in their range", () => {
  expect(evaluated(and(ints("uint32", 4294967295), ints("uint32", 2863311530)))).toEqual([2863311530]);
  expect(evaluated(or(ints("int32", -2147483648), ints("int32", 5)))).toEqual([-2147483643]);
  expect(evaluated(xor(ints("uint8", 255), ints("uint8", 15)))).toEqual([240]);
  expect(evaluated(not(ints("int8", 0, 127)))).toEqual([-1, -128]);
  expect(evaluated(not(ints("uint16", 1)))).toEqual([65534]);
});

test("a shift takes its count modulo the width", () => {
  expect(evaluated(shl(ints("int32", 1, 1, 1), ints("int32", 31, 32, 33)))).toEqual([-2147483648, 1, 2]);
  expect(evaluated(shl(ints("uint8", 129, 1), ints("uint8", 1, 8)))).toEqual([2, 1]);
  expect(evaluated(shr(ints("int16", 64), ints("int16", 17)))).toEqual([32]);
  expect(evaluated(shl(ints("int32", 1), ints("int32", -1)))).toEqual([-2147483648]);
});

test("shifting to the right keeps the sign of signed integers only", () => {
  expect(evaluated(shr(ints("int32", -8, -1), 1))).toEqual([-4, -1]);
  expect(evaluated(shr(ints("uint32", 4294967288), 1))).toEqual([2147483644]);
  expect(evaluated(shr(ints("int8", -128), 7))).toEqual([-1]);
});

test("floats have no bits to combine", () => {
  const x = input(spec([2]));
  expect(refusal(() => and(x, x))).toMatchInlineSnapshot(`
    "DTypeError E201 and: x is float32 where bool or an integer type is wanted.
      x: float32 [2]
      y: float32 [2]"
  `);
  expect(refusal(() => shl(input(spec([2], "bool")), true))).toMatchInlineSnapshot(`
    "DTypeError E201 shl: x is bool where an integer type is wanted.
      x: bool [2]
      y: bool [2]"
  `);
});

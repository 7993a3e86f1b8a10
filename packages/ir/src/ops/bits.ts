import { type DType, dtypes } from "../dtype.ts";
import { wrapInteger } from "../number.ts";
import { type Binary, defineScalar, type Unary } from "../op.ts";
import type { Elements } from "../record.ts";
import { bools, type Case, integers, samplesOf, values } from "../sample.ts";

/** Logical not of bool, every bit flipped of an integer. */
export const not: Unary = defineScalar({
  name: "not",
  version: 1,
  numeric: "exact",
  accepts: "logical",
  inputs: ["x"],
  evaluate: (x) => (x === 0 ? 1 : 0),
  integers: (x) => ~x,
  derivatives: () => [null],
});

/** Logical and of bool, bitwise and of integers. */
export const and: Binary = defineScalar({
  name: "and",
  version: 1,
  numeric: "exact",
  accepts: "logical",
  inputs: ["x", "y"],
  evaluate: (x, y) => x & y,
  derivatives: () => [null, null],
});

/** Logical or of bool, bitwise or of integers. */
export const or: Binary = defineScalar({
  name: "or",
  version: 1,
  numeric: "exact",
  accepts: "logical",
  inputs: ["x", "y"],
  evaluate: (x, y) => x | y,
  derivatives: () => [null, null],
});

/** Whether bools differ, bits that differ of integers. */
export const xor: Binary = defineScalar({
  name: "xor",
  version: 1,
  numeric: "exact",
  accepts: "logical",
  inputs: ["x", "y"],
  evaluate: (x, y) => x ^ y,
  derivatives: () => [null, null],
});

/** `x · 2^y`, wrapped. The count is taken modulo the width, as in JavaScript and WGSL. */
export const shl: Binary = defineScalar({
  name: "shl",
  version: 1,
  numeric: "exact",
  accepts: "integer",
  inputs: ["x", "y"],
  run: ([x, y]) => shifted(x!, y!, (value, count) => value << count),
  derivatives: () => [null, null],
});

/** `⌊x / 2^y⌋`: signed integers keep their sign. The count is taken modulo the width. */
export const shr: Binary = defineScalar({
  name: "shr",
  version: 1,
  numeric: "exact",
  accepts: "integer",
  inputs: ["x", "y"],
  run: ([x, y]) =>
    shifted(x!, y!, isSigned(x!.dtype) ? (value, count) => value >> count : (value, count) => value >>> count),
  derivatives: () => [null, null],
});

const isSigned = (dtype: DType): boolean => dtypes[dtype].kind === "signed";

function shifted(x: Elements, y: Elements, shift: (value: number, count: number) => number): Float64Array {
  const mask = 8 * dtypes[x.dtype].byteLength - 1;
  return x.data.map((value, i) => wrapInteger(x.dtype, shift(value, y.data[i]! & mask)));
}

const logical = (): readonly Case[] => [
  [bools([3, 4]), bools([4])],
  [bools([]), bools([])],
  [integers([4, 5], -99, 99), integers([4, 5], -99, 99)],
  [integers([0, 3], 0, 1), integers([3], 0, 1)],
  [values([4294967295, 1], [2], "uint32"), values([2863311530, 3], [2], "uint32")],
  [integers([6], -128, 127, "int8"), integers([6], -128, 127, "int8")],
  [integers([6], 0, 65535, "uint16"), integers([1], 0, 65535, "uint16")],
];
const shifts = (): readonly Case[] => [
  [integers([4, 5], -2147483648, 2147483647), integers([4, 5], 0, 31)],
  [integers([2, 1], -99, 99), integers([3], 0, 8)],
  [integers([], -99, 99), integers([], 0, 8)],
  [integers([0], 0, 1), integers([0], 0, 1)],
  [values([-1, 1, 5], [3], "int32"), values([32, 33, -1], [3], "int32")],
  [values([4294967295, 1], [2], "uint32"), values([1, 31], [2], "uint32")],
  [integers([6], -128, 127, "int8"), integers([6], 0, 9, "int8")],
  [integers([6], 0, 255, "uint8"), integers([6], 0, 9, "uint8")],
];

export const notSamples = () =>
  samplesOf(not, [
    [bools([3, 4])],
    [bools([])],
    [integers([0], 0, 1)],
    [integers([6], -99, 99)],
    [integers([6], 0, 4294967295, "uint32")],
    [integers([6], 0, 255, "uint8")],
  ]);
export const andSamples = () => samplesOf(and, logical());
export const orSamples = () => samplesOf(or, logical());
export const xorSamples = () => samplesOf(xor, logical());
export const shlSamples = () => samplesOf(shl, shifts());
export const shrSamples = () => samplesOf(shr, shifts());

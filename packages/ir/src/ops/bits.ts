import { type DType, dtypes } from "../dtype.ts";
import { wrapInteger } from "../number.ts";
import { type Binary, defineScalar, type Unary } from "../op.ts";
import type { Elements } from "../record.ts";

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

import {
  add,
  applyOp,
  barrier,
  bitcast,
  concat,
  constant,
  constantOp,
  type DType,
  dimOp,
  dimSymbol,
  div,
  exp,
  Fn,
  input,
  isLeaf,
  mul,
  neg,
  pad,
  shl,
  splat,
  sqrt,
  sub,
  sum,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { loadParts } from "../parts.ts";
import { denseValues, splatValue } from "./constant-of.ts";
import { foldConstants } from "./fold.ts";
import { rewrite } from "./rewrite.ts";

await loadParts();

const folded = (y: Tensor): Tensor => rewrite(new Fn("f", [], [y]), foldConstants.start).results[0]!;
const isFolded = (y: Tensor): boolean => folded(y).op === constantOp;
const f = (value: number, dtype: DType = "float32", shape: readonly number[] = [2]): Tensor =>
  splat(value, shape, dtype);

test("each op is rounded to its dtype by itself", () => {
  // 2^24 + 1 is no float32; in float64 the sum would be 2^24 + 2
  const y = add(add(f(2 ** 24), f(1)), f(1));
  expect(splatValue(folded(y))).toBe(2 ** 24);
  expect(splatValue(folded(add(f(2048, "float16"), f(1, "float16"))))).toBe(2048);
  expect(splatValue(folded(div(f(1), f(3))))).toBe(Math.fround(1 / 3));
  expect(splatValue(folded(sqrt(f(2, "bfloat16"))))).toBe(1.4140625);
});

test("special values are honest", () => {
  const value = (y: Tensor): number | undefined => splatValue(folded(y));
  expect(value(neg(f(0)))).toBe(-0);
  expect(value(add(f(-0), f(0)))).toBe(0);
  expect(value(sub(f(Infinity), f(Infinity)))).toBe(NaN);
  expect(value(div(f(1), f(-0)))).toBe(-Infinity);
  expect(value(mul(f(2 ** -149), f(0.5)))).toBe(0);
  expect(value(mul(f(-3e38), f(10)))).toBe(-Infinity);
});

test("integers wrap, and zero has no sign", () => {
  expect(splatValue(folded(add(f(127, "int8"), f(1, "int8"))))).toBe(-128);
  expect(splatValue(folded(mul(f(65537, "uint32"), f(65537, "uint32"))))).toBe(131073);
  expect(splatValue(folded(neg(f(0, "int32"))))).toBe(0);
  expect(splatValue(folded(shl(f(1, "int32"), f(33, "int32"))))).toBe(2);
});

test("one number stays one number through movement, at any size and at a symbolic one", () => {
  const B = dimSymbol("B");
  const x = splat(3, [B, 1000], "float32");
  const y = x
    .add(splat(1, [B, 1000], "float32"))
    .transpose([1, 0])
    .reshape([B.mul(1000)]);
  expect([splatValue(folded(y)), folded(y).shape]).toEqual([4, [B.mul(1000)]]);
  expect(splatValue(folded(pad(f(3), { lo: [1], value: 3 })))).toBe(3);
  expect(splatValue(folded(concat([f(3), f(3)])))).toBe(3);
  expect(splatValue(folded(constant([5, 5, 5])))).toBe(5);
});

test("lists of a few elements are folded element by element", () => {
  const y = constant([1, 2, 3, 4], [2, 2]).mul(2);
  expect([...denseValues(folded(y))!]).toEqual([2, 4, 6, 8]);
  expect([...denseValues(folded(constant([1, 2], [2], "int32").shl(1).bitcast("uint32")))!]).toEqual([2, 4]);
});

test("a size that has become a number is a constant, if the dtype holds it", () => {
  const size = (expr: number, dtype: DType): Tensor => applyOp(dimOp, [], { expr, dtype })[0]!;
  expect(splatValue(folded(size(7, "float32")))).toBe(7);
  expect(isFolded(size(2 ** 24 + 1, "float32"))).toBe(false);
});

test("what the target decides is left to it", () => {
  expect(isFolded(exp(f(1)))).toBe(false); // the target's own exp
  expect(isFolded(sum(constant([1, 2, 3])))).toBe(false); // in the target's own order
  expect(isFolded(barrier(f(1))[0]!)).toBe(false);
  expect(isFolded(add(f(1, "int64"), f(1, "int64")))).toBe(false); // float64 does not hold them all
  expect(isFolded(bitcast(f(0x7fc00001, "uint32"), "float32"))).toBe(false); // the payload of a NaN
  expect(isFolded(concat([f(3), f(-0)]))).toBe(false); // and in the target's memory
  const long = constant(Array.from({ length: 65 }, (_, i) => i));
  expect(isFolded(neg(long))).toBe(false);
});

test("what depends on an argument is not touched", () => {
  const x = input({ dtype: "float32", shape: [2] });
  const fn = new Fn("f", [x], [x.add(f(1))]);
  expect(rewrite(fn, foldConstants.start)).toBe(fn);
  expect(topologicalOrder(fn.results).filter((n) => !isLeaf(n))).toHaveLength(2);
});

import { expect, test } from "vitest";
import {
  applyOp,
  constant,
  dimFloorDiv,
  dimSub,
  dimSymbol,
  input,
  iota,
  type Shape,
  slice,
  sliceAxis,
  sliceOp,
  spec,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const B = dimSymbol("B");
const x = iota([7], 0, "float32");
const table = iota([2, 3], 0, "float32")
  .mul(10)
  .add(iota([2, 3], 1));

test("a slice takes from start up to limit in steps", () => {
  expect(evaluated(slice(x, { start: [1], limit: [6], stride: [2] }))).toEqual([1, 3, 5]);
  expect(evaluated(slice(table, { start: [0, 1] }))).toEqual([1, 2, 11, 12]);
  expect(evaluated(sliceAxis(table, -1, 0, 2))).toEqual([0, 1, 10, 11]);
  expect(evaluated(slice(x, { start: [3], limit: [3] }))).toEqual([]);
});

test("negative indices count from the end", () => {
  expect(evaluated(slice(x, { start: [-2] }))).toEqual([5, 6]);
  expect(evaluated(slice(x, { limit: [-5] }))).toEqual([0, 1]);
  expect(slice(input(spec(["B"])), { start: [0], limit: [-0] }).shape).toEqual([0]);
  expect(sliceAxis(input(spec([B], "float32")), 0, 0, -0).shape).toEqual([0]);
});

test("a slice of everything is the tensor itself", () => {
  expect(slice(x)).toBe(x);
  expect(sliceAxis(table, 0, 0)).toBe(table);
});

test("symbolic bounds that are provable are taken", () => {
  const rows = input(spec(["B", 3]));
  expect(sliceAxis(rows, 0, 0, dimFloorDiv(B, 2)).shape.join()).toBe("floordiv(B,2),3");
  expect(sliceAxis(rows, 0, dimSub(B, 1)).shape.join()).toBe("1,3");
  expect(sliceAxis(rows, 0, 0, B, 2).shape.join()).toBe("floordiv(B+1,2),3");
});

test("the derivative of a strided slice of a symbolic axis has the operand's shape", () => {
  const rows = input(spec(["B", 3]));
  const y = sliceAxis(rows, 0, 1, B, 3);
  const [dx] = y.op.vjp!([rows], [y], [y], y.attrs, undefined as never);
  expect(dx!.shape.join()).toBe("B,3");
});

test("bounds outside the axis are refused, and so are those that may be outside", () => {
  const of = (shape: Shape, start: Shape, limit: Shape) => () => slice(input(spec(shape)), { start, limit });
  expect(refusal(of([28], [0], [30]))).toMatchInlineSnapshot(`
    "ShapeError E210 slice: the limit of axis 0 is 30, beyond its size 28.
      x: float32 [28]"
  `);
  expect(refusal(of([28], [5], [4]))).toMatchInlineSnapshot(`
    "ShapeError E210 slice: the start of axis 0 is 5, beyond its limit 4.
      x: float32 [28]"
  `);
  expect(refusal(of([B], [0], [10]))).toMatchInlineSnapshot(`
    "ShapeError E210 slice: the limit of axis 0 is 10, which may be beyond its size B.
      x: float32 [B]
      fix: give the symbols ranges from which 10 <= B follows."
  `);
  expect(refusal(() => slice(x, { start: [-8] }))).toMatchInlineSnapshot(`
    "ShapeError E210 slice: -8 on axis 0 is before its beginning, 1 too far.
      x: float32 [7]"
  `);
});

test("there is one bound per axis", () => {
  expect(refusal(() => applyOp(sliceOp, [x], { start: [0, 0], limit: [1], stride: [1] }))).toMatchInlineSnapshot(`
    "ShapeError E206 slice: start has 2 entries but x has rank 1.
      x: float32 [7]"
  `);
  expect(refusal(() => slice(x, { start: [0, 0] }))).toMatchInlineSnapshot(`
    "ShapeError E206 slice: start has 2 entries but x has rank 1.
      x: float32 [7]"
  `);
  expect(refusal(() => slice(x, { stride: [0] }))).toMatchInlineSnapshot(`
    "OptionError E803 slice: stride is [0], which is not a list of whole numbers from 1.
      x: float32 [7]"
  `);
  expect(refusal(() => slice(constant(1), { begin: [0] } as never))).toMatchInlineSnapshot(`
    "OptionError E801 slice: unknown option begin.
      fix: the options are start, limit, stride."
  `);
});

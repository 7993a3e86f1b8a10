import { expect, test } from "vitest";
import { dimFloorDiv, dimSymbol, expandDims, flatten, input, reshape, type Shape, spec, squeeze } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";

const B = dimSymbol("B");
const shapeOf = (from: Shape, to: Shape): string => reshape(input(spec(from)), to).shape.join(", ");

test("equal counts are proved for symbolic sizes", () => {
  expect(shapeOf([B, 28, 28], [B, 784])).toBe("B, 784");
  expect(shapeOf([B, 4, 6], [B.mul(2), 12])).toBe("2*B, 12");
  expect(shapeOf([B.add(1), 2], spec(["2*B+2"]).shape)).toBe("2*B+2");
});

test("-1 stands for the size that is left, also a symbolic one", () => {
  expect(shapeOf([2, 6], [-1, 4])).toBe("3, 4");
  expect(shapeOf([B, 28, 28], [-1, 784])).toBe("B, 784");
  expect(shapeOf([B, 28, 28], [B, -1])).toBe("B, 784");
  expect(shapeOf([B, dimFloorDiv(B, 2), 8], [-1, 8])).toBe("B*floordiv(B,2), 8");
});

test("a tensor that has the shape is itself", () => {
  const x = input(spec(["B", 3]));
  expect(reshape(x, [B, 3])).toBe(x);
  expect(reshape(x, [-1, 3])).toBe(x);
});

test("counts that differ are refused with both", () => {
  expect(refusal(() => shapeOf([2, 3], [4]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: x has 6 elements but [4] has 4.
      x: float32 [2, 3]
      fix: use a shape with as many elements."
  `);
  expect(refusal(() => shapeOf([B, 3], [6]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: x has 3*B elements but [6] has 6.
      x: float32 [B, 3]
      fix: element counts must be equal for every value of the symbols; name one size by an expression over the other's."
  `);
});

test("-1 needs a count that divides, and stands once", () => {
  expect(refusal(() => shapeOf([2, 3], [-1, 4]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: 6 elements do not divide by 4, for [-1, 4].
      x: float32 [2, 3]"
  `);
  expect(refusal(() => shapeOf([B, 3], [-1, 2]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: 3*B elements do not divide by 2, for [-1, 2].
      x: float32 [B, 3]"
  `);
  expect(refusal(() => shapeOf([2, 3], [-1, -1]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: [-1, -1] leaves two sizes open.
      x: float32 [2, 3]"
  `);
  expect(refusal(() => shapeOf([0, 3], [-1, 0]))).toMatchInlineSnapshot(`
    "ShapeError E208 reshape: the open size of [-1, 0] could be anything.
      x: float32 [0, 3]"
  `);
});

test("expandDims and squeeze add and drop axes of size 1", () => {
  const x = input(spec([2, 1, 3, 1]));
  expect(expandDims(x, 0).shape).toEqual([1, 2, 1, 3, 1]);
  expect(expandDims(x, -1).shape).toEqual([2, 1, 3, 1, 1]);
  expect(squeeze(x).shape).toEqual([2, 3]);
  expect(squeeze(x, -1).shape).toEqual([2, 1, 3]);
  expect(squeeze(x, [1, 3]).shape).toEqual([2, 3]);
  expect(refusal(() => squeeze(x, 0))).toMatchInlineSnapshot(`
    "ShapeError E203 squeeze: axis 0 has size 2, not 1.
      x: float32 [2, 1, 3, 1]"
  `);
  expect(refusal(() => squeeze(x, 4))).toMatchInlineSnapshot(`
    "ShapeError E205 squeeze: axis 4 is outside rank 4.
      x: float32 [2, 1, 3, 1]
      fix: use an axis from -4 to 3."
  `);
});

test("flatten joins the axes from start on", () => {
  expect(flatten(input(spec(["B", 28, 28])), { start: 1 }).shape.join()).toBe("B,784");
  expect(flatten(input(spec([2, 3]))).shape).toEqual([6]);
  expect(flatten(input(spec([]))).shape).toEqual([1]);
});

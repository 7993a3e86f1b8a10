import { bindDims, bindingsOf, type EntrySignature, entrySignature } from "@tenon/backend";
import { buildModule, dimAdd, dimSymbol, Fn, input, type Shape, type TensorType } from "@tenon/ir";
import { expect, test } from "vitest";

const B = dimSymbol("B", { min: 1, max: 64, multiple: 2 });

/** An entry `step` with inputs x0, x1, … of these shapes. */
function entry(...shapes: readonly Shape[]): EntrySignature {
  const inputs = shapes.map((shape, i) => input({ dtype: "float32", shape } satisfies TensorType, `x${i}`));
  return entrySignature(buildModule({ entries: { step: new Fn("step", inputs, inputs) } }), "step");
}

test("a symbol that stands alone is read off, in whatever input it does", () => {
  expect(bindDims(entry([B.mul(2), 3], [B]), [[8, 3], [4]])).toEqual(new Map([["B", 4]]));
});

test("a symbol in an expression is solved for", () => {
  expect(bindDims(entry([dimAdd(B.mul(2), 1)]), [[9]])).toEqual(new Map([["B", 4]]));
  const C = dimSymbol("C");
  expect(bindDims(entry([B.add(C), B]), [[7, 4]])).toEqual(
    new Map([
      ["B", 4],
      ["C", 3],
    ]),
  );
});

test("sizes that disagree are named with both values and both inputs", () => {
  expect(() => bindDims(entry([B, 3], [B]), [[4, 3], [6]])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E521 step: B is 4 in axis 0 of x0 but 6 in axis 0 of x1.]`,
  );
  expect(() => bindDims(entry([B], [1, 2]), [[4], [1, 3]])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E521 step: axis 1 of x1 is 3, not 2.]`,
  );
  expect(() => bindDims(entry([B], [B.floorDiv(2)]), [[4], [3]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E521 step: axis 0 of x1 is 3, but floordiv(B,2) is 2.
      B: 4, from axis 0 of x0]
  `);
});

test("ranges and multiples are kept", () => {
  expect(() => bindDims(entry([B]), [[66]])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E522 step: B is 66 (axis 0 of x0), outside 1..64.]`,
  );
  expect(() => bindDims(entry([B]), [[3]])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E522 step: B is 3 (axis 0 of x0), which is no multiple of 2.]`,
  );
  expect(() => bindDims(entry([B.mul(3)]), [[7]])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E521 step: axis 0 of x0 is 7, which is no value of 3*B.]`,
  );
});

test("arguments of another number or rank are refused", () => {
  expect(() => bindDims(entry([B], [3]), [[4]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E524 step: 1 arguments given, 2 wanted.
      x0: float32 [B]
      x1: float32 [3]]
  `);
  expect(() => bindDims(entry([B, 3]), [[4]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E524 step: x0 has rank 1, not 2.
      wanted: [B, 3]
      given: [4]]
  `);
});

test("a size that no input tells has no value", () => {
  expect(() => bindDims(entry([B.floorDiv(2)]), [[4]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E522 step: the size B has no value.
      fix: bind B, for example by an argument with an axis of that size.]
  `);
});

test("a value with too many elements is refused at binding", () => {
  const large = dimSymbol("N", { max: 2 ** 30 });
  expect(() => bindDims(entry([large, 4]), [[2 ** 30, 4]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E525 step: x0 would have 4294967296 elements, more than 2147483647.
      x0: float32 [N, 4]
      N: 1073741824]
  `);
});

test("bindings by name are checked as those by shape", () => {
  expect(bindingsOf(entry([B]), { B: 8 })).toEqual(new Map([["B", 8]]));
  expect(bindingsOf(entry([3]))).toEqual(new Map());
  expect(() => bindingsOf(entry([3]), { B: 8 })).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E523 step: there is no size B to bind.
      fix: every size is fixed; bind none.]
  `);
});

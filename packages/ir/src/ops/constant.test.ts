import { expect, test } from "vitest";
import { applyOp, constant, constantOp, dimSymbol, iota, splat } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

test("a constant rounds its values to its dtype", () => {
  expect(evaluated(constant([0.1, 1 / 3]))).toEqual([Math.fround(0.1), Math.fround(1 / 3)]);
  expect(evaluated(constant(0.1, [2], "float16"))).toEqual([0.0999755859375, 0.0999755859375]);
  expect(constant(true).dtype).toBe("bool");
  expect(evaluated(splat(0.1, [1], "bfloat16"))).toEqual([0.10009765625]);
});

test("one number fills any shape, also a symbolic one", () => {
  expect(constant(1, [dimSymbol("B"), 3]).shape.join()).toBe("B,3");
  expect(evaluated(constant(7, [0, 3]))).toEqual([]);
});

test("a value that the dtype cannot hold is refused", () => {
  expect(refusal(() => constant([1.5], [1], "int32"))).toMatchInlineSnapshot(`
    "DTypeError E201 constant: 1.5 is not representable in int32.
      fix: use whole numbers from -2147483648 to 2147483647."
  `);
  expect(refusal(() => constant(-1, [], "uint8"))).toMatchInlineSnapshot(`
    "DTypeError E201 constant: -1 is not representable in uint8.
      fix: use whole numbers from 0 to 255."
  `);
  expect(refusal(() => applyOp(constantOp, [], { value: 0.1, shape: [], dtype: "float32" }))).toMatchInlineSnapshot(`
    "DTypeError E201 constant: 0.1 is not representable in float32.
      fix: round it to float32."
  `);
});

test("values fill their shape", () => {
  expect(refusal(() => constant([1, 2, 3], [2, 2]))).toMatchInlineSnapshot(`
    "ShapeError E207 constant: 3 values do not fill the shape [2, 2].
      fix: give 4 values."
  `);
  expect(refusal(() => constant([1, 2], [dimSymbol("B")]))).toMatchInlineSnapshot(`
    "ShapeError E207 constant: 2 values do not fill the shape [B].
      fix: give one number, which fills any shape."
  `);
});

test("a list of elements is at most 64 KiB", () => {
  expect(constant(new Float32Array(16_384)).shape).toEqual([16_384]);
  expect(refusal(() => constant(new Float32Array(16_385)))).toMatchInlineSnapshot(`
    "ShapeError E207 constant: 65540 bytes are more than 65536.
      fix: pass the values as an input."
  `);
});

test("iota counts along one axis", () => {
  expect(evaluated(iota([2, 3], 1))).toEqual([0, 1, 2, 0, 1, 2]);
  expect(evaluated(iota([2, 3], -2, "float32"))).toEqual([0, 0, 0, 1, 1, 1]);
  expect(refusal(() => iota([2, 3], 2))).toMatchInlineSnapshot(
    `"ShapeError E205 iota: axis 2 is outside a shape of rank 2."`,
  );
  expect(refusal(() => iota([2], 0, "bool"))).toMatchInlineSnapshot(`
    "DTypeError E201 iota: bool cannot count.
      fix: use an integer type."
  `);
});

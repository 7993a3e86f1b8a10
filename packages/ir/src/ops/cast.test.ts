import { expect, test } from "vitest";
import { bitcast, cast, constant, input, spec } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

test("floats become integers by truncation, saturate, and NaN becomes 0", () => {
  const x = constant([-2.7, 2.7, 1e10, -1e10, NaN]);
  expect(evaluated(cast(x, "int32"))).toEqual([-2, 2, 2147483647, -2147483648, 0]);
  expect(evaluated(cast(x, "uint8"))).toEqual([0, 2, 255, 0, 0]);
});

test("integers wrap among themselves", () => {
  const x = constant([300, -1, 128], [3], "int32");
  expect(evaluated(cast(x, "uint8"))).toEqual([44, 255, 128]);
  expect(evaluated(cast(x, "int8"))).toEqual([44, -1, -128]);
  expect(evaluated(cast(x, "uint32"))).toEqual([300, 4294967295, 128]);
  expect(evaluated(cast(x, "float32"))).toEqual([300, -1, 128]);
});

test("anything but 0 becomes true, and true becomes 1", () => {
  expect(evaluated(cast(constant([0, -0, 0.5, NaN]), "bool"))).toEqual([0, 0, 1, 1]);
  expect(evaluated(cast(constant([1, 0], [2], "bool"), "float32"))).toEqual([1, 0]);
});

test("a conversion rounds, even inside a run", () => {
  const x = constant([0.1, 70000], [2], "float64");
  expect(evaluated(cast(x, "float32"))).toEqual([Math.fround(0.1), 70000]);
  expect(evaluated(cast(x, "float16"))).toEqual([0.0999755859375, Infinity]);
  expect(evaluated(cast(x, "bfloat16"))).toEqual([0.10009765625, 70144]);
});

test("a tensor that has the dtype is itself", () => {
  const x = input(spec([2]));
  expect(cast(x, "float32")).toBe(x);
});

test("bitcast reads the same bits as another dtype", () => {
  expect(evaluated(bitcast(constant([1, -0]), "uint32"))).toEqual([0x3f800000, 0x80000000]);
  expect(evaluated(bitcast(constant([0x3f800000], [1], "int32"), "float32"))).toEqual([1]);
  expect(evaluated(bitcast(constant([-1], [1], "int8"), "uint8"))).toEqual([255]);
  expect(evaluated(bitcast(constant([1], [1], "float16"), "bfloat16"))).toEqual([0.0078125]);
});

test("bitcast needs the same width", () => {
  expect(refusal(() => bitcast(input(spec([2])), "int8"))).toMatchInlineSnapshot(`
    "DTypeError E201 bitcast: float32 has 32 bits but int8 has 8.
      x: float32 [2]
      fix: use cast to convert the value."
  `);
  expect(refusal(() => bitcast(input(spec([2], "uint8")), "bool"))).toMatchInlineSnapshot(`
    "DTypeError E201 bitcast: uint8 has 8 bits but bool has 1.
      x: uint8 [2]
      fix: use cast to convert the value."
  `);
});

test("a dtype that is none is refused with the one that was meant", () => {
  expect(refusal(() => cast(input(spec([2])), "f16" as never))).toMatchInlineSnapshot(`
    "DTypeError E201 cast: f16 is no dtype.
      fix: did you mean float16?"
  `);
});

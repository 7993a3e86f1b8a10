import { expect, test } from "vitest";
import { type DType, dtypeNames, dtypes, isFloat } from "./dtype.ts";
import { decodeElements } from "./number.ts";
import { elementOf, elementText } from "./number-text.ts";

/** What a reader makes of an element's text. */
const reread = (dtype: DType, text: string): number | undefined => {
  const words: Record<string, number> = { true: 1, false: 0, nan: NaN, inf: Infinity, "-inf": -Infinity };
  return elementOf(dtype, words[text] ?? Number(text));
};

test("every 16-bit float is read back from its text", () => {
  for (const dtype of ["float16", "bfloat16"] as const) {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    for (const value of decodeElements(dtype, new Uint8Array(bits.buffer)))
      expect(reread(dtype, elementText(dtype, value))).toBe(value);
  }
});

test("floats of every exponent are read back from their text", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (let e = -1080; e < 1024; e++) {
      for (const mantissa of [1, 1.1, 1.5, 1.9999999999999998]) {
        const value = elementOf(dtype, mantissa * 2 ** e);
        if (value !== undefined) expect(reread(dtype, elementText(dtype, value))).toBe(value);
      }
    }
  }
});

test("the text is the shortest decimal of its dtype, with a point", () => {
  expect(elementText("float32", Math.fround(0.9))).toBe("0.9");
  expect(elementText("float64", Math.fround(0.9))).toBe("0.8999999761581421");
  expect(elementText("float16", elementOf("float16", 0.1)!)).toBe("0.1");
  expect(elementText("bfloat16", elementOf("bfloat16", Math.PI)!)).toBe("3.14");
  expect(["float32", "float64"].map((dtype) => elementText(dtype as DType, 1))).toEqual(["1.0", "1.0"]);
  expect([-0, Infinity, -Infinity, NaN].map((x) => elementText("float32", x))).toEqual(["-0.0", "inf", "-inf", "nan"]);
  expect([elementText("int32", -7), elementText("bool", 1), elementText("bool", 0)]).toEqual(["-7", "true", "false"]);
});

test("a number that a dtype cannot hold has no element", () => {
  expect(elementOf("int8", 128)).toBeUndefined();
  expect(elementOf("uint8", -1)).toBeUndefined();
  expect(elementOf("int32", 0.5)).toBeUndefined();
  expect(elementOf("bool", 2)).toBeUndefined();
  expect(elementOf("float32", 1e39)).toBeUndefined();
  for (const dtype of dtypeNames.filter((d) => !isFloat(d))) expect(elementOf(dtype, Infinity)).toBeUndefined();
  expect(Object.keys(dtypes).length).toBe(13);
});

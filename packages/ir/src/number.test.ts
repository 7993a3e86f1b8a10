import fc from "fast-check";
import { expect, test } from "vitest";
import { type DType, dtypeNames, dtypes } from "./dtype.ts";
import {
  bfloat16Bits,
  bfloat16Value,
  convertNumber,
  decodeElements,
  encodeElements,
  float16Bits,
  float16Value,
  roundHalfEven,
  roundToDType,
  wrapInteger,
} from "./number.ts";

const patterns = Array.from({ length: 65_536 }, (_, bits) => bits);

const formats = [
  { name: "float16", toBits: float16Bits, toValue: float16Value, fractionBits: 10 },
  { name: "bfloat16", toBits: bfloat16Bits, toValue: bfloat16Value, fractionBits: 7 },
] as const;

for (const { name, toBits, toValue, fractionBits } of formats) {
  const infinity = 0x7fff - (2 ** fractionBits - 1);

  test(`every bit pattern of ${name} survives the way through its value, and NaN becomes the canonical one`, () => {
    const canonical = infinity + 2 ** (fractionBits - 1);
    const wrong = patterns.filter((bits) => toBits(toValue(bits)) !== ((bits & 0x7fff) > infinity ? canonical : bits));
    expect(wrong).toEqual([]);
  });

  test(`the values of ${name} rise with their bits`, () => {
    for (let bits = 1; bits <= infinity; bits++) expect(toValue(bits)).toBeGreaterThan(toValue(bits - 1));
    expect(toValue(infinity)).toBe(Infinity);
    expect(Object.is(toValue(0x8000), -0)).toBe(true);
  });

  test(`half-way values round to the even ${name}, and all others to the nearer one`, () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < infinity - 1; bits++) {
      const [low, high] = [toValue(bits), toValue(bits + 1)];
      const middle = low + (high - low) / 2; // exact in float64
      const even = bits % 2 === 0 ? bits : bits + 1;
      const [below, above] = [middle - (high - low) * 2 ** -30, middle + (high - low) * 2 ** -30];
      const right = toBits(middle) === even && toBits(below) === bits && toBits(above) === bits + 1;
      if (!right || toBits(-middle) !== (even | 0x8000)) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  test(`${name} overflows from half a step above its largest value`, () => {
    const largest = toValue(infinity - 1);
    const step = largest - toValue(infinity - 2);
    expect(toBits(largest + step / 2)).toBe(infinity);
    expect(toBits(largest + step * 0.4999)).toBe(infinity - 1);
    expect(toBits(-1e300)).toBe(infinity | 0x8000);
  });
}

test("a float64 just beside a half-way value is rounded once, not through float32", () => {
  const halfway = 1 + 2 ** -8; // between two bfloat16 values
  expect(bfloat16Value(bfloat16Bits(halfway))).toBe(1);
  expect(bfloat16Value(bfloat16Bits(halfway + 2 ** -40))).toBe(1 + 2 ** -7);
  expect(bfloat16Value(bfloat16Bits(-halfway - 2 ** -40))).toBe(-1 - 2 ** -7);
  const next = 1 + 3 * 2 ** -8;
  expect(bfloat16Value(bfloat16Bits(next - 2 ** -40))).toBe(1 + 2 ** -7);
});

test("halves round to the even whole number", () => {
  const rounded = [-2.5, -1.5, -0.5, -0.2, -0, 0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370495.5].map(
    roundHalfEven,
  );
  expect(rounded).toEqual([-2, -2, -0, -0, -0, 0, 2, 2, 0, 4503599627370496]);
  expect([NaN, Infinity, -Infinity].map(roundHalfEven)).toEqual([NaN, Infinity, -Infinity]);
});

test("whole numbers wrap modulo the width of their dtype", () => {
  const wrapped = (dtype: DType, ...xs: number[]): number[] => xs.map((x) => wrapInteger(dtype, x));
  expect(wrapped("int8", 128, -129, 256, -0)).toEqual([-128, 127, 0, 0]);
  expect(wrapped("uint8", 256, -1)).toEqual([0, 255]);
  expect(wrapped("int16", 32768)).toEqual([-32768]);
  expect(wrapped("uint16", -1)).toEqual([65535]);
  expect(wrapped("int32", 2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1)).toEqual([-(2 ** 31), 5, 2 ** 31 - 1]);
  expect(wrapped("uint32", -1, 2 ** 32)).toEqual([2 ** 32 - 1, 0]);
});

test("wrapping is what typed arrays do", () => {
  const arrays = {
    int8: Int8Array,
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
  };
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (x) => {
      for (const [dtype, Type] of Object.entries(arrays)) expect(wrapInteger(dtype as DType, x)).toBe(Type.of(x)[0]);
    }),
  );
});

test("floats convert to integers by truncation, saturate, and NaN becomes 0", () => {
  expect([-2.9, 2.9, 1e10, -1e10, NaN, -0.5].map((x) => convertNumber("int32", x))).toEqual([
    -2,
    2,
    2 ** 31 - 1,
    -(2 ** 31),
    0,
    0,
  ]);
  expect([-1, 255.9, 256, Infinity].map((x) => convertNumber("uint8", x))).toEqual([0, 255, 255, 255]);
});

test("anything but 0 converts to true", () => {
  expect([0, -0, 0.1, NaN, -1].map((x) => convertNumber("bool", x))).toEqual([0, 0, 1, 1, 1]);
});

test("rounding gives the value that the dtype stores", () => {
  const rounded = (x: number): number[] =>
    (["float64", "float32", "float16", "bfloat16"] as const).map((d) => roundToDType(d, x));
  expect(rounded(0.1)).toEqual([0.1, 0.10000000149011612, 0.0999755859375, 0.10009765625]);
  expect(rounded(70000)).toEqual([70000, 70000, Infinity, 70144]);
});

test("elements survive the way through their bytes", () => {
  const samples: Record<string, number[]> = {
    bool: [0, 1],
    signed: [-128, -1, 0, 127],
    unsigned: [0, 1, 255],
    float: [-1.5, -0, 0, 0.25, Infinity, NaN],
  };
  for (const dtype of dtypeNames) {
    const values = samples[dtypes[dtype].kind]!;
    const bytes = encodeElements(dtype, values);
    expect(bytes.byteLength, dtype).toBe(values.length * dtypes[dtype].byteLength);
    expect([...decodeElements(dtype, bytes)], dtype).toEqual(values);
    const shifted = new Uint8Array(bytes.byteLength + 1); // not aligned to the element
    shifted.set(bytes, 1);
    expect([...decodeElements(dtype, shifted.subarray(1))], dtype).toEqual(values);
  }
});

test("NaN is written in its canonical form", () => {
  expect([...encodeElements("float32", [NaN])]).toEqual([0, 0, 0xc0, 0x7f]);
  expect([...encodeElements("float64", [NaN])]).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
  expect([...encodeElements("float16", [NaN])]).toEqual([0, 0x7e]);
  expect([...encodeElements("bfloat16", [NaN])]).toEqual([0xc0, 0x7f]);
});

import { expect, test } from "vitest";
import { DataError, parseIdx } from "./index.ts";

const matrix = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

function faultOf(bytes: Uint8Array): DataError {
  try {
    parseIdx(bytes);
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

test("an array of bytes is read with its shape", () => {
  expect(parseIdx(matrix)).toEqual({ dtype: "uint8", shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  expect(parseIdx(Uint8Array.from([7, ...matrix]).subarray(1)).shape).toEqual([2, 3]);
});

test("every element type is read big-endian", () => {
  const vector = (type: number, ...data: number[]) => parseIdx(Uint8Array.of(0, 0, type, 1, 0, 0, 0, 1, ...data)).data;
  expect(vector(0x09, 0xfe)).toEqual(Int8Array.of(-2));
  expect(vector(0x0b, 0x01, 0x02)).toEqual(Int16Array.of(258));
  expect(vector(0x0c, 0xff, 0xff, 0xff, 0xfe)).toEqual(Int32Array.of(-2));
  expect(vector(0x0d, 0x3f, 0x80, 0, 0)).toEqual(Float32Array.of(1));
  expect(vector(0x0e, 0xc0, 0, 0, 0, 0, 0, 0, 0)).toEqual(Float64Array.of(-2));
});

test("rank 0 and size 0 are allowed", () => {
  expect(parseIdx(Uint8Array.of(0, 0, 8, 0, 5))).toEqual({ dtype: "uint8", shape: [], data: Uint8Array.of(5) });
  expect(parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0)).data).toHaveLength(0);
});

test("a file cut at any byte, or with one more, is refused with the byte", () => {
  for (let length = 0; length < matrix.length; length++) {
    expect(faultOf(matrix.subarray(0, length))).toMatchObject({ name: "FormatError", offset: length });
  }
  expect(faultOf(Uint8Array.from([...matrix, 0]))).toMatchInlineSnapshot(`
    [FormatError E765 idx: uint8 [2, 3] takes 18 bytes with the header but the file holds 19.
      at: byte 18
      fix: remove what follows the array.]
  `);
});

test("wrong magic, unknown types and sizes beyond all memory are refused", () => {
  expect(faultOf(Uint8Array.of(0x1f, 0x8b, 8, 0))).toMatchInlineSnapshot(`
    [FormatError E762 idx: the file begins with 1f8b0800, not with two zeros.
      at: byte 0
      fix: unpack the file first; it is packed with gzip.]
  `);
  expect(faultOf(Uint8Array.of(0, 0, 10, 1))).toMatchObject({ code: "E763", offset: 2 });
  expect(faultOf(Uint8Array.of(0, 0, 8, 9, ...new Uint8Array(36)))).toMatchObject({ name: "LimitError", code: "E764" });
  const huge = Uint8Array.of(0, 0, 8, 3, ...new Uint8Array(12).fill(255));
  expect(faultOf(huge)).toMatchObject({
    name: "LimitError",
    code: "E764",
    offset: 8,
    [Symbol.for("tenon.error")]: true,
  });
  const overflowing = Uint8Array.of(0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0); // 65536 · 65536
  expect(faultOf(overflowing).code).toBe("E765");
});

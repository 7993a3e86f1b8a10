import { expect, test } from "vitest";
import { Column, column, normalize, oneHot } from "./index.ts";

test("nested lists become float32 with their shape, a typed array keeps its dtype", () => {
  expect(String(column([[1, 2], [3, 4], [5, 6]]))).toBe("float32 [3, 2]"); // biome-ignore format: a matrix
  expect(String(column(Int32Array.of(1, 2)))).toBe("int32 [2]");
  expect(String(column({ data: new Uint8Array(12), shape: [3, 2, 2] }))).toBe("uint8 [3, 2, 2]");
  expect(String(column([]))).toBe("float32 [0]");
  expect(column(new Uint8Array(Buffer.of(7, 8))).gather([1]).data).toEqual(Uint8Array.of(8));
});

test("what is ragged, does not fill its shape or is no number is refused", () => {
  expect(() => column([[1, 2], [3]])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 column: the lists are ragged: where the first row has a list of 2, another has [3].
      fix: give rows of equal length.]
  `);
  expect(() => column([1, "2" as never])).toThrow(/where the first row has a number, another has "2"/);
  expect(() => column({ data: new Float32Array(5), shape: [2, 3] })).toThrow(/5 values do not fill the shape \[2, 3\]/);
  expect(() => column({ data: Float32Array.of(1), shape: [] })).toThrow(/first axis counts the rows/);
  expect(() => column("text" as never)).toThrow(/"text" is no array of numbers/);
  expect(() => column(new BigInt64Array(2) as never)).toThrow(/no array of numbers that a column can hold/);
  expect(() => column([1]).cast("int64" as never)).toThrow(/"int64" is no dtype of a column/);
});

test("slices and reshapes share memory, gathered rows are copies", () => {
  const values = column({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2], features: ["a", "b"] });
  const middle = values.slice(1, 2);
  expect(middle.data.buffer).toBe(values.data.buffer);
  expect(middle.data).toEqual(Float32Array.of(3, 4));
  expect(values.reshape([2, 1]).shape).toEqual([3, 2, 1]);
  expect(values.reshape([2, 1]).data).toBe(values.data);
  expect(values.gather([2, 0, 2])).toMatchObject({ shape: [3, 2], features: ["a", "b"] });
  expect(values.gather([2, 0, 2]).data).toEqual(Float32Array.of(5, 6, 1, 2, 5, 6));
  expect(values.slice(-2, -1).data).toEqual(Float32Array.of(3, 4));
  expect(values.slice(2, 1).shape).toEqual([0, 2]);
  expect(() => values.gather([3])).toThrow(/row 3 is outside the 3 rows/);
});

test("normalized bytes are byte / 255 in float32, and so are their slices, rows and tensors", async () => {
  const bytes = column({ data: Uint8Array.from({ length: 256 }, (_, i) => i), shape: [128, 2] });
  const x = normalize(bytes);
  expect([x.dtype, x.shape]).toEqual(["float32", [128, 2]]);
  expect(x.data).toEqual(Float32Array.from({ length: 256 }, (_, i) => i / 255));
  expect(x.slice(1, 2).data).toEqual(Float32Array.of(2 / 255, 3 / 255));
  expect(x.gather([127]).data).toEqual(Float32Array.of(254 / 255, 1));
  expect(x.reshape([1, 2]).data).toEqual(x.data);
  expect(x.cast("float64").data[3]).toBe(Math.fround(3 / 255));
  expect(bytes.data[255]).toBe(255);
  const t = x.tensor();
  expect([t.dtype, t.shape]).toEqual(["float32", [128, 2]]);
  expect(() => normalize(x)).toThrow(/the column is float32 \[128, 2\], not uint8/);
});

test("one-hot rows have a single one, at the label", () => {
  const y = new Column(Int32Array.of(2, 0), [2], { classes: ["a", "b", "c"] });
  expect(oneHot(y)).toMatchObject({ dtype: "float32", shape: [2, 3], features: ["a", "b", "c"] });
  expect(oneHot(y).data).toEqual(Float32Array.of(0, 0, 1, 1, 0, 0));
  expect(oneHot(column(Uint8Array.of(1)), 2).data).toEqual(Float32Array.of(0, 1));
  expect(() => oneHot(column([0, 1]))).toThrow(/say how many classes there are/);
  expect(() => oneHot(y, 2)).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E778 oneHot: the label of row 0 is 2, outside the 2 classes.
      fix: labels are whole numbers from 0 to 1.]
  `);
  for (const label of [-1, 0.5, Number.NaN]) expect(() => oneHot(column([label]), 3)).toThrow(/outside the 3 classes/);
  expect(() => oneHot(column([[1, 2]]), 3)).toThrow(/not one number a row/);
});

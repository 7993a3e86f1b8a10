import { expect, test } from "vitest";
import { dataset, fitStandardizer, iris } from "./index.ts";

test("the training part gets mean 0 and deviation 1, other parts the same map", () => {
  const train = dataset({ x: [[1, 10], [3, 30], [5, 20]], y: [0, 1, 2] }); // biome-ignore format: a matrix
  const standardize = fitStandardizer(train);
  const { mean, deviation } = standardize.moments.x!;
  expect([...mean]).toEqual([3, 20]);
  expect([...deviation]).toEqual([Math.sqrt(8 / 3), Math.sqrt(200 / 3)]);
  const other = standardize(dataset({ x: [[3, 40]] }));
  expect(other.x.data).toEqual(Float32Array.of(0, 20 / deviation[1]!));
  const done = standardize(train);
  expect(done.y).toBe(train.y);
  for (const feature of [0, 1]) {
    const values = [0, 1, 2].map((row) => done.x.data[2 * row + feature]!);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(0, 6);
    expect(values.reduce((sum, x) => sum + x * x, 0) / 3).toBeCloseTo(1, 6);
  }
});

test("a constant feature becomes 0, also where its mean is not exact", () => {
  const train = dataset({ x: { data: new Float64Array(30).fill(0.1), shape: [30, 1] } });
  expect(fitStandardizer(train)(train).x.data).toEqual(new Float32Array(30));
  expect(fitStandardizer(train)(dataset({ x: { data: Float64Array.of(1.1), shape: [1, 1] } })).x.data[0]).toBeCloseTo(
    1,
    6,
  );
});

test("a small spread about a large mean is not lost", () => {
  const train = dataset({ x: { data: Float64Array.of(1e9, 1e9 + 1, 1e9 + 2), shape: [3, 1] } });
  expect(fitStandardizer(train)(train).x.data[2]).toBeCloseTo(Math.sqrt(1.5), 6);
});

test("NaN is an error with its place, or becomes the mean", () => {
  const train = dataset({ x: [[1, 2], [3, Number.NaN], [5, 4]] }); // biome-ignore format: a matrix
  expect(() => fitStandardizer(train)).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E778 standardize: feature 1 of x is NaN in row 1.
      fix: leave the row out, or use { missing: "mean" }.]
  `);
  expect(fitStandardizer(train, { missing: "mean" })(train).x.data).toEqual(
    Float32Array.of(-Math.sqrt(1.5), -1, 0, 0, Math.sqrt(1.5), 1),
  );
});

test("another number of features, a column that is none and unknown options are refused", () => {
  const standardize = fitStandardizer(iris());
  expect(() => standardize(dataset({ x: [[1, 2]] }))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E777 standardize: a row of x has 2 features but those fitted had 4.
      x: float32 [1, 2]
      fix: give a set with the features of the training part.]
  `);
  expect(() => fitStandardizer(iris(), { columns: ["z"] })).toThrow(/there is no column "z"/);
  expect(() => fitStandardizer(iris(), { column: ["x"] } as never)).toThrow(/did you mean columns\?/);
  expect(() => fitStandardizer(iris(), { missing: "zero" as never })).toThrow(/missing is "zero"/);
});

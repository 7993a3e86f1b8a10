import { createHash } from "node:crypto";
import { key } from "@tenon/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Columns, type Dataset, dataset, isDataset } from "./index.ts";

/** Row i holds 2i and 2i + 1; its label is i mod 3. */
function rows(size: number) {
  return dataset({
    x: { data: Float32Array.from({ length: 2 * size }, (_, i) => i), shape: [size, 2] },
    y: Int32Array.from({ length: size }, (_, i) => i % 3),
  });
}

/** Which rows of `rows(n)` these are. */
const numbers = ({ x }: Dataset): number[] => Array.from({ length: x.size }, (_, i) => x.data[2 * i]! / 2);

const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test("columns are properties, unless a method has their name", () => {
  const data = dataset({ x: [[1], [2]], size: [3, 4] });
  expect(data.x.shape).toEqual([2, 1]);
  expect(data.size).toBe(2);
  expect(data.columns.size.data).toEqual(Float32Array.of(3, 4));
  expect(String(data)).toBe("Dataset(2 rows: x float32 [2, 1], size float32 [2])");
  expect([isDataset(data), isDataset({ x: data.x })]).toEqual([true, false]);
});

test("columns of different length are refused with all shapes", () => {
  expect(() => dataset({ x: [[1], [2]], y: [1] })).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E771 dataset: x has 2 rows but y has 1.
      x: float32 [2, 1]
      y: float32 [1]
      fix: give columns with equally many rows.]
  `);
});

test("a column named __proto__ is refused, one named constructor is only a column", () => {
  expect(() => dataset(JSON.parse('{ "__proto__": [1] }'))).toThrow(/E772 dataset: "__proto__" cannot be the name/);
  const data: Dataset<Columns> = dataset({ constructor: [1] } as never);
  expect(data.columns["constructor" as string]?.data).toEqual(Float32Array.of(1));
  expect(Object.getPrototypeOf(data.columns)).toBeNull();
  expect(({} as Record<string, unknown>).data).toBeUndefined();
});

test("batches in order share the memory of the set, and the last is smaller or left out", () => {
  const data = rows(10);
  const batches = data.batches(4);
  expect(batches.length).toBe(3);
  expect([...batches].map(numbers)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]); // biome-ignore format: batches
  expect([...batches].map(({ size, y }) => [size, y.shape])).toEqual([[4, [4]], [4, [4]], [2, [2]]]); // biome-ignore format: batches
  for (const { x, y } of batches)
    expect([x.data.buffer, y.data.buffer]).toEqual([data.x.data.buffer, data.y.data.buffer]);
  expect([...data.batches(4, { dropLast: true })].map(numbers)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7]]); // biome-ignore format: batches
  expect([data.batches(20).length, data.batches(20, { dropLast: true }).length, rows(0).batches(5).length]).toEqual([
    1, 0, 0,
  ]);
});

test("shuffled batches hold every row once with its label, in an order of the seed alone", () => {
  const data = rows(50);
  const order = (shuffle: number) => [...data.batches(8, { shuffle })].flatMap(numbers);
  expect(sorted(order(1))).toEqual(upTo(50));
  expect(order(1)).toEqual(order(1));
  expect(order(1)).not.toEqual(order(2));
  const batches = data.batches(8, { shuffle: key(1) });
  expect([...batches].flatMap(numbers)).toEqual(order(1));
  expect([...batches].flatMap(numbers)).toEqual(order(1)); // the iterable starts anew
  for (const batch of batches) expect(numbers(batch).map((row) => row % 3)).toEqual([...batch.y.data]);
  expect(numbers(data.shuffle(1))).toEqual(order(1));
});

test("the order of 10,000 rows has the same bits everywhere", () => {
  const { y } = dataset({ y: Int32Array.from(upTo(10_000)) }).shuffle(0);
  const digest = createHash("sha256")
    .update([...y.data].join())
    .digest("hex");
  expect(digest).toMatchInlineSnapshot(`"31959277f4126698acd0c93f8a5097cf9d8d16fcc8f17af963dd223bfd63a0b2"`);
});

test("what is no batch size, seed or option is refused", () => {
  const data = rows(3);
  expect(() => data.batches(0)).toThrow(/batchSize is 0, not a whole number from 1/);
  expect(() => data.batches(2, { shuffle: true as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E770 batches: shuffle is true, which is no seed and no key.
      fix: give a whole number such as 0, or key(0).]
  `);
  expect(() => data.batches(2, { suffle: 1 } as never)).toThrow(/did you mean shuffle\?/);
  expect(() => data.shuffle(-1)).toThrow(/no seed and no key/);
  expect(() => data.take(1.5)).toThrow(/count is 1.5/);
});

test("a split shares all rows out, each part to within one row of its fraction", () => {
  const [train, rest] = rows(10).split([0.8, 0.2], 0);
  expect([train.size, rest.size]).toEqual([8, 2]);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 }),
      (n, weights) => {
        const sum = weights.reduce((a, b) => a + b, 0);
        fc.pre(sum > 0);
        const fractions = weights.map((weight) => weight / sum);
        const parts: Dataset[] = rows(n).split(fractions, 7);
        expect(sorted(parts.flatMap(numbers))).toEqual(upTo(n));
        for (const [i, part] of parts.entries()) expect(Math.abs(part.size - n * fractions[i]!)).toBeLessThan(1 + 1e-9);
      },
    ),
    { numRuns: 100, seed: 1 },
  );
});

test("a stratified split gives every part its share of each class to within two rows", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 80 }),
      fc.integer({ min: 1, max: 9 }),
      (labels, tenths) => {
        const y = Int32Array.from(labels);
        const fractions = [tenths / 10, 1 - tenths / 10];
        for (const [i, part] of dataset({ y }).split(fractions, 3, { stratify: "y" }).entries()) {
          for (let label = 0; label < 4; label++) {
            const count = (values: ArrayLike<number>) => Array.from(values).filter((value) => value === label).length;
            expect(Math.abs(count(part.y.data) - count(y) * fractions[i]!)).toBeLessThan(2);
          }
        }
      },
    ),
    { numRuns: 100, seed: 1 },
  );
});

test("stratified folds test with every row once, and each has the same number of every class", () => {
  const data = rows(150);
  const folds = data.kFold(5, 0, { stratify: "y" });
  expect(sorted(folds.flatMap(({ test }) => numbers(test)))).toEqual(upTo(150));
  for (const { train, test: left } of folds) {
    expect(sorted([...numbers(train), ...numbers(left)])).toEqual(upTo(150));
    for (let label = 0; label < 3; label++) expect([...left.y.data].filter((y) => y === label)).toHaveLength(10);
    expect(numbers(left)).not.toEqual(sorted(numbers(left)));
  }
});

test("fractions that are no whole, and a column that is none, are refused", () => {
  const data = rows(10);
  expect(() => data.split([0.8, 0.3], 0)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E770 split: the fractions are [0.8, 0.3], together 1.1.
      fix: give a list of numbers from 0 that add up to 1, such as [0.8, 0.2].]
  `);
  expect(() => data.split([-1, 2], 0)).toThrow(/the fractions are \[-1, 2\]\./);
  expect(() => data.split(0.8 as never, 0)).toThrow(/the fractions are 0.8\./);
  expect(() => data.split([1], 0, { stratify: "z" as never })).toThrow(/stratify is "z", which is no column/);
  expect(() => data.split([1], 0, { stratify: "x" })).toThrow(/not one number a row/);
  expect(() => data.kFold(1, 0)).toThrow(/k is 1, not a whole number from 2 to 10/);
});

test("map makes other columns of whole columns, tensors() copies of them", async () => {
  const data = rows(4).map(({ x, y }) => ({ x: x.reshape([2, 1]), label: y.cast("float32") }));
  expect([data.x.shape, data.label.dtype]).toEqual([[4, 2, 1], "float32"]);
  const { x, label } = data.tensors();
  expect([x.shape, label.shape, label.dtype]).toEqual([[4, 2, 1], [4], "float32"]);
});

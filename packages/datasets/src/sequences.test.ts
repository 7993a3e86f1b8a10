import { expect, test } from "vitest";
import { padSequences, randomTokenWindows, slidingWindows, tokenWindows } from "./index.ts";

const rows = ({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) =>
  Array.from({ length: shape[0]! }, (_, i) => Array.from(data).slice(i * shape[1]!, (i + 1) * shape[1]!));

test("sequences are filled and cut as by Keras", () => {
  const sequences = [[1], Int32Array.of(2, 3), [4, 5, 6]];
  const padded = padSequences(sequences);
  expect([padded.dtype, rows(padded)]).toEqual(["int32", [[0, 0, 1], [0, 2, 3], [4, 5, 6]]]); // biome-ignore format: a matrix
  expect(rows(padSequences(sequences, { value: -1 }))[0]).toEqual([-1, -1, 1]);
  expect(rows(padSequences(sequences, { padding: "post" }))).toEqual([[1, 0, 0], [2, 3, 0], [4, 5, 6]]); // biome-ignore format: a matrix
  expect(rows(padSequences(sequences, { length: 2 }))).toEqual([[0, 1], [2, 3], [5, 6]]); // biome-ignore format: a matrix
  expect(rows(padSequences(sequences, { length: 2, truncating: "post" }))[2]).toEqual([4, 5]);
  expect(padSequences([[0.5]], { dtype: "float32", length: 2 }).data).toEqual(Float32Array.of(0, 0.5));
  expect(padSequences([]).shape).toEqual([0, 0]);
  expect(() => padSequences(sequences, { maxlen: 2 } as never)).toThrow(/unknown option maxlen/);
  expect(() => padSequences(sequences, { padding: "after" as never })).toThrow(/padding is "after"/);
  expect(() => padSequences(["abc"] as never)).toThrow(/a sequence is "abc"/);
});

test("windows of a series come with the steps after them", () => {
  const { x, y } = slidingWindows(Float32Array.of(0, 1, 2, 3, 4, 5), { length: 3, horizon: 2 });
  expect([x.shape, y.shape]).toEqual([[2, 3, 1], [2, 2]]); // biome-ignore format: both
  expect([rows(x), rows(y)]).toEqual([[[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]]]); // biome-ignore format: matrices
  const sparse = slidingWindows(Float32Array.of(0, 1, 2, 3, 4, 5), { length: 2, stride: 3 });
  expect([rows(sparse.x), rows(sparse.y)]).toEqual([[[0, 1], [3, 4]], [[2], [5]]]); // biome-ignore format: matrices
  const two = slidingWindows([[0, 9], [1, 8], [2, 7]], { length: 2 }); // biome-ignore format: a matrix
  expect([two.x.shape, two.y.shape, [...two.x.data], [...two.y.data]]).toEqual([[1, 2, 2], [1, 1, 2], [0, 9, 1, 8], [2, 7]]); // biome-ignore format: a row
  expect(() => slidingWindows([1, 2], { length: 2 })).toThrow(/the sequence has 2 steps but one window needs 3/);
  expect(() => slidingWindows([[[1]]], { length: 1 })).toThrow(/the series has rank 3, not 1 or 2/);
});

test("windows of tokens have the next token for each, and stand side by side", () => {
  const { x, y } = tokenWindows([0, 1, 2, 3, 4, 5, 6, 7], { length: 3 });
  expect([x.dtype, rows(x), rows(y)]).toEqual(["int32", [[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]]]); // biome-ignore format: matrices
  expect(tokenWindows([0, 1, 2, 3], { length: 2, stride: 1 }).size).toBe(2);
  expect(() => tokenWindows("text" as never, { length: 2 })).toThrow(/the tokens are "text"/);
});

test("random windows begin anywhere, and the seed says where", () => {
  const tokens = Int32Array.from({ length: 50 }, (_, i) => i);
  const { x, y } = randomTokenWindows(tokens, { length: 4, count: 1000, seed: 3 });
  expect([x.shape, y.shape]).toEqual([[1000, 4], [1000, 4]]); // biome-ignore format: both
  for (const [i, token] of x.data.entries()) {
    expect(y.data[i]).toBe(token + 1);
    if (i % 4 > 0) expect(token).toBe(x.data[i - 1]! + 1);
  }
  expect(new Set(rows(x).map(([first]) => first))).toEqual(new Set(tokens.subarray(0, 46)));
  expect(randomTokenWindows(tokens, { length: 4, count: 10, seed: 3 }).x.data).toEqual(x.slice(0, 10).data);
  expect(randomTokenWindows(tokens, { length: 4, count: 1000 }).x.data).not.toEqual(x.data);
});

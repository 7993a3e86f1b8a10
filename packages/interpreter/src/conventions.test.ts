import { evaluateTensors } from "@tenon/interpreter";
import {
  argmax,
  argsort,
  constant,
  type DType,
  gather,
  intDiv,
  maximum,
  minimum,
  randomBits,
  rem,
  scatter,
  sort,
  sortWith,
  splitKey,
  type Tensor,
  topK,
} from "@tenon/ir";
import { hostBits, hostSplit, threefry } from "@tenon/tensor";
import { expect, test } from "vitest";

const valuesOf = (...results: Tensor[]): number[][] => evaluateTensors(results).map(({ data }) => [...data]);
const of = (values: readonly number[], dtype: DType = "float32"): Tensor => constant(values, [values.length], dtype);

test("maximum and minimum give NaN where either operand is NaN", () => {
  const [x, y] = [of([NaN, 1, NaN, 2]), of([1, NaN, NaN, 3])];
  expect(valuesOf(maximum(x, y), minimum(x, y))).toEqual([
    [NaN, NaN, NaN, 3],
    [NaN, NaN, NaN, 2],
  ]);
});

test("intDiv and rem truncate towards zero", () => {
  const [x, y] = [of([7, -7, 7, -7], "int32"), of([2, 2, -2, -2], "int32")];
  expect(valuesOf(intDiv(x, y), rem(x, y))).toEqual([
    [3, -3, -3, 3],
    [1, -1, 1, -1],
  ]);
});

test("argmax and sort take the first of equal entries", () => {
  const x = of([3, 1, 3, 1, 2]);
  const places = of([0, 1, 2, 3, 4], "int32");
  expect(valuesOf(argmax(x))).toEqual([[0]]);
  expect(valuesOf(argsort(x), argsort(x, { descending: true }))).toEqual([
    [1, 3, 4, 0, 2],
    [0, 2, 4, 1, 3],
  ]);
  expect(valuesOf(sortWith(x, [places])[1]!, topK(x, 3)[1]!)).toEqual([
    [1, 3, 4, 0, 2],
    [0, 2, 4],
  ]);
});

test("sort puts NaN last", () => {
  expect(valuesOf(sort(of([NaN, 2, -Infinity, 1])))).toEqual([[-Infinity, 1, 2, NaN]]);
});

test("a gather that is out of range reads 0, and a scatter that is drops", () => {
  const x = of([5, 6, 7]);
  const indices = of([-1, 0, 2, 3, 2 ** 31 - 1], "int32");
  expect(valuesOf(gather(x, indices, { axis: 0 }))).toEqual([[0, 5, 7, 0, 0]]);
  expect(valuesOf(scatter(x, indices, of([1, 10, 20, 40, 80]), { axis: 0, mode: "add" }))).toEqual([[15, 6, 27]]);
});

test("word i of rng.bits is the first word of threefry(key, (0, i)), on the device as on the host", () => {
  const key = of([7, 2 ** 32 - 9], "uint32");
  const words = Array.from({ length: 6 }, (_, i) => threefry(7, 2 ** 32 - 9, 0, i)[0]);
  expect(valuesOf(randomBits(key, [2, 3]))).toEqual([words]);
  expect([...hostBits([7, 2 ** 32 - 9], 6)]).toEqual(words);
});

test("split gives on the device the keys that it gives on the host", () => {
  expect(valuesOf(splitKey(of([1, 2], "uint32"), 3))).toEqual([hostSplit([1, 2], 3).flat()]);
});

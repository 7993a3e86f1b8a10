import { evaluateTensors } from "@tenon/interpreter";
import {
  argmax,
  argsort,
  constant,
  type DType,
  foldIn,
  randomBits,
  sortWith,
  splitKey,
  type Tensor,
  topK,
} from "@tenon/ir";
import { hostBits, hostFoldIn, hostSplit, threefry } from "@tenon/tensor";
import { expect, test } from "vitest";

const valuesOf = (...results: Tensor[]): number[][] => evaluateTensors(results).map(({ data }) => [...data]);
const of = (values: readonly number[], dtype: DType = "float32"): Tensor => constant(values, [values.length], dtype);

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

test("word i of rng.bits is the first word of threefry(key, (0, i)), on the device as on the host", () => {
  const key = of([7, 2 ** 32 - 9], "uint32");
  const words = Array.from({ length: 6 }, (_, i) => threefry(7, 2 ** 32 - 9, 0, i)[0]);
  expect(valuesOf(randomBits(key, [2, 3]))).toEqual([words]);
  expect([...hostBits([7, 2 ** 32 - 9], 6)]).toEqual(words);
});

test("split and fold_in give on the device the keys that they give on the host", () => {
  const key = of([1, 2], "uint32");
  expect(valuesOf(splitKey(key, 3), foldIn(key, 2 ** 32 - 1))).toEqual([
    hostSplit([1, 2], 3).flat(),
    [...hostFoldIn([1, 2], 2 ** 32 - 1)],
  ]);
});

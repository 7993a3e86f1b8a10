import "@tenon/interpreter";
import {
  arange,
  compile,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  setBackend,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<unknown> => [x.dtype, x.shape, Array.from(await x.data())];

test("a tensor is made of nested lists, of numbers and of typed arrays, which are copied", async () => {
  expect(
    await read(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ),
  ).toEqual(["float32", [2, 3], [1, 2, 3, 4, 5, 6]]);
  expect(await read(tensor(7))).toEqual(["float32", [], [7]]);
  expect(await read(tensor([true, false]))).toEqual(["bool", [2], [1, 0]]);
  expect(await read(tensor([[], []]))).toEqual(["float32", [2, 0], []]);
  const values = Int16Array.of(1, -2);
  const x = tensor(values);
  values[0] = 9;
  expect(await read(x)).toEqual(["int16", [2], [1, -2]]);
  expect(await read(tensor(Uint8Array.of(1, 2, 3, 4), { shape: [2, 2], dtype: "float16" }))).toEqual([
    "float16",
    [2, 2],
    [1, 2, 3, 4],
  ]);
});

test("arange, linspace and eye count, divide and are the identity", async () => {
  expect(await read(arange(3))).toEqual(["int32", [3], [0, 1, 2]]);
  expect(await read(arange(5, 0, -2))).toEqual(["int32", [3], [5, 3, 1]]);
  expect(await read(arange(0, 1, 0.25))).toEqual(["float32", [4], [0, 0.25, 0.5, 0.75]]);
  expect(await read(linspace(0, 1, 5))).toEqual(["float32", [5], [0, 0.25, 0.5, 0.75, 1]]);
  expect(await read(linspace(2, 3, 1))).toEqual(["float32", [1], [2]]);
  expect(await read(eye(2, "int32"))).toEqual(["int32", [2, 2], [1, 0, 0, 1]]);
});

test("constants have one value everywhere, in the type of another tensor if wanted", async () => {
  expect(await read(full([2], 1.5))).toEqual(["float32", [2], [1.5, 1.5]]);
  expect(await read(full([2], true))).toEqual(["bool", [2], [1, 1]]);
  const like = zeros([1, 2], "int32");
  expect([await read(zerosLike(like)), await read(onesLike(like))]).toEqual([
    ["int32", [1, 2], [0, 0]],
    ["int32", [1, 2], [1, 1]],
  ]);
  expect(await read(ones([]))).toEqual(["float32", [], [1]]);
});

test("what a tensor cannot be made of is refused", () => {
  expect(() => tensor([[1, 2], [3]])).toThrow("E206");
  expect(() => tensor([1, "2"] as never)).toThrow("E803");
  expect(() => tensor([1.5], { dtype: "int32" })).toThrow("E201");
  expect(() => tensor([1, 2], { shape: [3] })).toThrow("E207");
  expect(() => arange(0, 1, 0)).toThrow("E803");
  expect(() => linspace(0, 1, 3, "int32")).toThrow("E201");
});

test("a compiled function that returns nothing gives null", async () => {
  const nothing: null = await compile(() => {})();
  expect(nothing).toBe(null);
});

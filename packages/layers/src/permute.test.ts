import "@tenon/interpreter";
import { permute } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("axes are counted from 1, that of the examples stays", async () => {
  const x = tensor([
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]);
  const y = permute([2, 1]).call(x);
  expect(y.shape).toEqual([1, 3, 2]);
  expect(await list(y)).toEqual([1, 4, 2, 5, 3, 6]);
  expect(built(permute([3, 1, 2]), spec(["B", 4, 5, 6])).call(tensor([], { shape: [0, 4, 5, 6] })).shape).toEqual([
    0, 6, 4, 5,
  ]);
});

test("what does not fit is refused", () => {
  expect(() => inside(permute([2, 1]), spec(["B", 3]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 permute: the input has rank 2 but the order [2, 1] is of rank 3.
      x: float32 [B, 3]
      at: encoder.permute1 (permute.test.ts:25)
      fix: list every axis but that of the examples once.]
  `);
  expect(() => permute([0, 1])).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 permute: the order is [0, 1], which is none of the axes from 1.
      fix: list every axis but that of the examples once, as in permute([2, 1]).]
  `);
  expect(() => permute(1 as never)).toThrow("E803");
});

import "@tenon/interpreter";
import { repeatVector } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("features are repeated one after another", async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const y = repeatVector(2).call(x);
  expect(y.shape).toEqual([2, 2, 2]);
  expect(await list(y)).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
});

test("what does not fit is refused", () => {
  expect(() => inside(repeatVector(2), spec(["B", 3, 4]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 repeatVector: the input has rank 3, not 2, in (N, features).
      x: float32 [B, 3, 4]
      at: encoder.repeatVector1 (repeat-vector.test.ts:20)
      fix: flatten it first, as by flatten().]
  `);
  expect(() => repeatVector(0)).toThrow("count is 0");
});

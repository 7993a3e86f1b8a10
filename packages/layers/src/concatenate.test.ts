import "@tenon/interpreter";
import { concatenate } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, insideWith, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("inputs stand one after another along the last axis, or another", async () => {
  const [x, y] = [tensor([[1, 2]]), tensor([[3]])];
  expect(await list(built(concatenate(), spec(["B", 2]), spec(["B", 1])).call([x, y]))).toEqual([1, 2, 3]);
  expect(concatenate({ axis: 1 }).call([zeros([2, 3, 4]), zeros([2, 5, 4])]).shape).toEqual([2, 8, 4]);
  expect(concatenate({ axis: 1 }).describe()).toBe("concatenate axis 1");
});

test("what does not fit is refused", () => {
  expect(() => insideWith(concatenate(), spec(["B", 3, 2]), spec(["B", 4, 2]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 concatenate: inputs[0] is [B, 3, 2] but inputs[1] is [B, 4, 2], which differ outside axis -1.
      inputs[0]: float32 [B, 3, 2]
      inputs[1]: float32 [B, 4, 2]
      at: head (concatenate.test.ts:17)
      fix: give them equal sizes in all axes but -1.]
  `);
  expect(() => insideWith(concatenate(), spec(["B", 3]), spec(["B", 4, 2]))).toThrow(
    "inputs[0] has rank 2 but inputs[1]",
  );
  expect(() => insideWith(concatenate({ axis: 3 }), spec(["B", 3]), spec(["B", 3]))).toThrow(
    "axis 3 is outside rank 2",
  );
  expect(() => concatenate({ axes: 1 } as never)).toThrow("did you mean axis?");
});

import "@tenon/interpreter";
import {
  add,
  batchNorm,
  dense,
  dropout,
  embedding,
  flatten,
  groupNorm,
  layerNorm,
  masking,
  maskOf,
  prelu,
  sequential,
  withMask,
} from "@tenon/layers";
import { key, setBackend, spec, tensor, training, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const mask = tensor([[true, true, false]]);

test("a mask stands beside one tensor, and not beside what it was given for", () => {
  const x = zeros([1, 3, 2]);
  const y = withMask(x, mask);
  expect([maskOf(x), maskOf(y), y.shape]).toEqual([undefined, mask, [1, 3, 2]]);
});

test("layers that keep the steps apart keep the mask, and others do not", () => {
  const x = withMask(zeros([1, 3, 2]), mask);
  const model = built(
    sequential([dense(4, { activation: "relu" }), dropout(0.5), layerNorm(), batchNorm(), groupNorm(2), prelu()]),
    spec(["B", 3, 2]),
  );
  expect(maskOf(model.call(x))).toBe(mask);
  expect(maskOf(model.call(x, training(key(0))))).toBe(mask);
  expect(maskOf(flatten().call(x))).toBe(undefined);
});

test("a step of several sequences is real where all that have a mask say so", async () => {
  const other = tensor([[false, true, true]]);
  const y = add().call([withMask(zeros([1, 3, 2]), mask), zeros([1, 3, 2]), withMask(zeros([1, 3, 2]), other)]);
  expect(await maskOf(y)!.data()).toEqual(new Uint8Array([0, 1, 0]));
});

test("masking leaves steps out whose features are all the value, and sets them to 0", async () => {
  const steps = [
    [1, 2],
    [-1, 3],
    [-1, -1],
  ];
  const y = masking({ maskValue: -1 }).call(tensor([steps]));
  expect(await list(y)).toEqual([1, 2, -1, 3, 0, 0]);
  expect(await maskOf(y)!.data()).toEqual(new Uint8Array([1, 1, 0]));
  expect(() => inside(masking(), spec(["B", 3]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 masking: the input has rank 2, not (examples, steps, features).
      x: float32 [B, 3]
      at: encoder.masking1 (mask.test.ts:57)
      fix: give each step a list of features, as by reshape([-1, 1]), or use embedding with maskZero for words.]
  `);
});

test("an embedding leaves the number 0 out where it is told to", async () => {
  const ids = tensor([[2, 0, 1]], { dtype: "int32" });
  const make = (maskZero: boolean) => built(embedding(3, 2, { maskZero }), spec(["B", 3], "int32"));
  expect(await maskOf(make(true).call(ids))!.data()).toEqual(new Uint8Array([1, 0, 1]));
  expect(maskOf(make(false).call(ids))).toBe(undefined);
});

test("what is no mask of the steps is refused", () => {
  expect(() => withMask(zeros([1, 3, 2]), zeros([1, 3]))).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 withMask: the mask is float32 where bool is wanted.
      x: float32 [1, 3, 2]
      mask: float32 [1, 3]
      fix: compare it, as in ids.notEqual(0).]
  `);
  expect(() => withMask(zeros([1, 4, 2]), mask)).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 withMask: the mask is [1, 3], which is no beginning of [1, 4, 2].
      x: float32 [1, 4, 2]
      mask: bool [1, 3]
      at: mask.test.ts:79
      fix: give one bool for each step of each example, as in ids.notEqual(0).]
  `);
});

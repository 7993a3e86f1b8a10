import "@tenon/interpreter";
import { dense, flatten, maskOf, sequential, timeDistributed, withMask } from "@tenon/layers";
import { compile, setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const body = () => sequential([flatten(), dense(2, { kernelInit: "ones" })]);

test("a layer is applied to each step", async () => {
  const layer = built(timeDistributed(body()), spec(["B", "T", 2, 2]));
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1], { dtype: "float32" }).reshape([1, 3, 2, 2]);
  expect(layer.call(x).shape).toEqual([1, 3, 2]);
  expect(await list(layer.call(x))).toEqual([10, 10, 26, 26, 1, 1]);
  const step = compile((s: Tensor) => layer.call(s), { inputs: [spec(["B", "T", 2, 2])] });
  expect((await step(zeros([4, 5, 2, 2]))).shape).toEqual([4, 5, 2]);
});

test("the mask of the steps is kept", () => {
  const layer = built(timeDistributed(body()), spec(["B", 3, 2, 2]));
  const mask = tensor([[true, false, false]]);
  expect(maskOf(layer.call(withMask(zeros([1, 3, 2, 2]), mask)))).toBe(mask);
});

test("what does not fit is refused", () => {
  expect(() => inside(timeDistributed(dense(2)), spec(["B"]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 timeDistributed: the input has rank 1, and no axis of steps.
      x: float32 [B]
      at: encoder.timeDistributed1 (time-distributed.test.ts:27)
      fix: give it (examples, steps, …).]
  `);
  expect(() => timeDistributed("dense" as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 timeDistributed: the layer is "dense", which is no layer.
      fix: give one layer, as in timeDistributed(conv2d(8, 3)).]
  `);
});

import "@tenon/interpreter";
import { dense, lambda, residual, sequential, summarize } from "@tenon/layers";
import { setBackend, spec, type Tensor, tensor, variables } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("the input is added to what the body makes of it", async () => {
  const layer = residual(lambda((x: Tensor) => x.mul(10)));
  expect(await list(layer.call(tensor([1, 2])))).toEqual([11, 22]);
});

test("a shortcut brings the input to the body's shape", async () => {
  const options = { kernelInit: "ones" } as const;
  const layer = built(residual(dense(3, options), { shortcut: dense(3, options) }), spec(["B", 2]));
  expect(await list(layer.call(tensor([[1, 2]])))).toEqual([6, 6, 6]);
  expect(Object.keys(layer[variables]()!)).toEqual(["body", "shortcut"]);
});

test("summaries show its parts, and the addition as its own", () => {
  const { layers } = summarize(built(sequential([residual(dense(4))]), spec(["B", 4])));
  expect(layers.map(({ path, flops }) => [path, flops])).toEqual([
    ["residual1", 4],
    ["residual1.body", 2 * 4 * 4 + 4],
  ]);
});

test("what does not fit is refused", () => {
  expect(() => inside(residual(dense(3)), spec(["B", 2]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 residual: the body's result has another shape than what it is added to.
      x: float32 [B, 2]
      body: float32 [B, 3]
      at: encoder.residual1 (residual.test.ts:30)
      fix: keep the shape in the body, or give a shortcut that changes it too, such as conv2d(filters, 1).]
  `);
  expect(() => inside(residual(dense(3), { shortcut: dense(4) }), spec(["B", 2]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 residual: the body's result has another shape than what it is added to.
      shortcut: float32 [B, 4]
      body: float32 [B, 3]
      at: encoder.residual1 (residual.test.ts:37)
      fix: give body and shortcut the same strides and as many channels.]
  `);
  expect(() => residual("relu" as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 residual: body is "relu", which is no layer.
      fix: give one layer, such as sequential([conv2d(8, 3), batchNorm()]).]
  `);
  expect(() => residual(dense(3), { skip: dense(3) } as never)).toThrow("E801");
});

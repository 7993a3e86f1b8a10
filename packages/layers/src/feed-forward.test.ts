import "@tenon/interpreter";
import { feedForward } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const silu = (x: number): number => x / (1 + Math.exp(-x));

test("the features of each step go through a wider layer and back", async () => {
  const layer = built(feedForward(3, { kernelInit: "ones" }), spec(["B", 1, 2]));
  expect(await list(layer.call(tensor([[[1, 2]], [[-1, -2]]])))).toEqual([9, 9, 0, 0]);
  expect(layer.describe()).toBe("feedForward 3 relu");
});

test("gated, the activation of one map multiplies another", async () => {
  const layer = built(feedForward(1, { activation: "silu", gated: true, useBias: false }), spec(["B", 1]));
  layer.gate!.weight.assign(tensor([[2]]));
  layer.up.weight.assign(tensor([[3]]));
  layer.down.weight.assign(tensor([[5]]));
  expect((await list(layer.call(tensor([[0.5]]))))[0]).toBeCloseTo(5 * silu(1) * 1.5, 5);
  expect(layer.up.bias).toBe(null);
});

test("what does not fit is refused", () => {
  expect(() => inside(feedForward(3), spec([]))).toThrow("E206");
  expect(() => built(feedForward(3), spec(["B", 2])).call(tensor([[1, 2, 3]]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 dense: the input has 3 features but the layer was built for 2.
      x: float32 [1, 3]
      at: up (feed-forward.test.ts:28)
      fix: give it 2 features.]
  `);
  expect(() => feedForward(0)).toThrow("intermediateDim is 0");
  expect(() => feedForward(3, { gate: true } as never)).toThrow("did you mean gated?");
});

import "@tenon/interpreter";
import { gru } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test.each([true, false])("the gates are in Keras's order, with resetAfter %s", async (resetAfter) => {
  const layer = built(gru(1, { resetAfter, returnSequences: true }), spec(["B", 2, 1]));
  layer.kernel.assign(tensor([[1, 2, 3]]));
  layer.recurrentKernel.assign(tensor([[0.5, -1, 2]]));
  layer.bias!.assign(
    resetAfter
      ? tensor([
          [0.1, 0.2, 0.3],
          [0.4, 0.5, 0.6],
        ])
      : tensor([0.1, 0.2, 0.3]),
  );
  const [bu, br, bg] = resetAfter ? [0.4, 0.5, 0.6] : [0, 0, 0];
  let h = 0;
  const hs = [0.5, -0.25].map((x) => {
    const [u, r] = [sigmoid(x + 0.1 + 0.5 * h + bu!), sigmoid(2 * x + 0.2 - h + br!)];
    const fromState = resetAfter ? r * (2 * h + bg!) : 2 * (r * h);
    h = u * h + (1 - u) * Math.tanh(3 * x + 0.3 + fromState);
    return h;
  });
  const ys = await list(layer.call(tensor([[[0.5], [-0.25]]])));
  for (const [t, y] of ys.entries()) expect(y).toBeCloseTo(hs[t]!, 6);
});

test("with resetAfter there are two biases, one of them for the state", () => {
  expect(built(gru(3), spec(["B", 2, 1])).bias!.shape).toEqual([2, 9]);
  expect(built(gru(3, { resetAfter: false }), spec(["B", 2, 1])).bias!.shape).toEqual([9]);
});

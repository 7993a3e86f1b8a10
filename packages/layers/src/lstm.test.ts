import "@tenon/interpreter";
import { lstm } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test("the gates are in Keras's order, and the forget gate is open at first", async () => {
  const layer = built(lstm(1, { returnState: true, returnSequences: true }), spec(["B", 2, 1]));
  expect(await list(layer.bias!.value)).toEqual([0, 1, 0, 0]);
  layer.kernel.assign(tensor([[1, 2, 3, 4]]));
  layer.recurrentKernel.assign(tensor([[0.5, -1, 0.25, 2]]));
  layer.bias!.assign(tensor([0.1, 0.2, 0.3, 0.4]));
  let [h, c] = [0, 0];
  const hs: number[] = [];
  for (const x of [0.5, -0.25]) {
    const [i, f, g, o] = [x + 0.5 * h + 0.1, 2 * x - h + 0.2, 3 * x + 0.25 * h + 0.3, 4 * x + 2 * h + 0.4];
    c = sigmoid(f!) * c + sigmoid(i!) * Math.tanh(g!);
    h = sigmoid(o!) * Math.tanh(c);
    hs.push(h);
  }
  const [ys, last, memory] = layer.call(tensor([[[0.5], [-0.25]]]));
  for (const [t, y] of (await list(ys)).entries()) expect(y).toBeCloseTo(hs[t]!, 6);
  expect((await list(last))[0]).toBeCloseTo(h, 6);
  expect((await list(memory))[0]).toBeCloseTo(c, 6);
});

test("the bias of the forget gate starts at 1 whatever the others do, unless it is told not to", async () => {
  const bias = (options: Parameters<typeof lstm>[1]) => list(built(lstm(2, options), spec(["B", 2, 1])).bias!.value);
  expect(await bias({ biasInit: "ones", unitForgetBias: false })).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(await bias({ biasInit: () => tensor([2, 3, 4, 5, 6, 7, 8, 9]) })).toEqual([2, 3, 1, 1, 6, 7, 8, 9]);
  expect(built(lstm(2, { useBias: false }), spec(["B", 2, 1])).bias).toBe(null);
});

import "@tenon/interpreter";
import { simpleRNN } from "@tenon/layers";
import { setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("each step adds the state of the one before", async () => {
  const layer = built(
    simpleRNN(1, { activation: "linear", kernelInit: "ones", returnSequences: true }),
    spec(["B", 3, 2]),
  );
  layer.recurrentKernel.assign(tensor([[10]]));
  const steps = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  expect(await list(layer.call(tensor([steps])))).toEqual([3, 37, 381]);
  expect(layer.describe()).toBe("simpleRNN 1 linear sequences, ones");
});

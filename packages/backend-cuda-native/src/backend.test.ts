import { compile, grad, setBackend, tensor, variable } from "@tenon/tensor";
import { expect } from "vitest";
import { cudaNative } from "./backend.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

testEmulatedDevice("a step is enqueued once, then launched as a graph, on whatever batch it is given", async () => {
  await setBackend(cudaNative({ cache: false }));
  const weight = variable(tensor([1, 2, 3]));
  const step = compile((x) => {
    const slope = grad(() => weight.value.mul(x).sum(), { weight });
    weight.assign(weight.value.sub(slope.weight.mul(0.5)));
    return weight.value.sum();
  });
  const losses: number[] = [];
  for (const x of [1, 2, 3, 4]) losses.push(await (await step(tensor([x, x, 0]))).item());
  expect(losses).toEqual([5, 3, 0, -4]);
  expect([...(await weight.value.data())]).toEqual([-4, -3, 3]);
});

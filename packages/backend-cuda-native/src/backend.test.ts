import { compile, grad, setBackend, tensor, variable } from "@tenon/tensor";
import { expect, test } from "vitest";
import { cudaNative } from "./backend.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

test("an option that is no switch is refused, and so is an unknown one", async () => {
  const errorOf = (options: object): Promise<unknown> => cudaNative(options).create().then(String, String);
  expect(await errorOf({ tune: "yes" })).toBe(
    'OptionError E803 cudaNative: tune is "yes".\n  fix: give true or false.',
  );
  expect(await errorOf({ debug: { wait: 1 } })).toContain("wait is 1");
  expect(await errorOf({ devcie: 1 })).toContain("did you mean device?");
});

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

testEmulatedDevice("a sum of all elements is made in two steps, the same bits each time", async () => {
  await setBackend(cudaNative({ cache: false }));
  const values = Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i));
  const total = compile((x) => x.square().sum());
  const sums = [await total(tensor(values).reshape([200, 300])), await total(tensor(values).reshape([200, 300]))];
  const [first, second] = [await sums[0]!.item(), await sums[1]!.item()];
  expect(second).toBe(first);
  expect(first).toBeCloseTo(
    values.reduce((sum, x) => sum + x * x, 0),
    1,
  );
});

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { add, compile, less, setBackend, type Tensor, tensor, valueAndGrad, variable, whileLoop } from "@tenon/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

afterEach(() => vi.unstubAllEnvs());

const packages = fileURLToPath(new URL("../..", import.meta.url));

testEmulatedDevice("a while loop without a bound is refused", async () => {
  await setBackend(cudaNative({ cache: false }));
  const doubled = compile((x: Tensor) =>
    whileLoop(
      ([n]) => less(n!, 5),
      ([n]) => [add(n!, x)],
      [x],
    ),
  );
  const problem = async () => (await doubled(tensor(1)))[0]!.item();
  await expect(problem()).rejects.toThrow("E514 while: it needs unbounded-while, which emulated does not have.");
});

testEmulatedDevice("a training gives the same bits each time", async () => {
  const run = async (): Promise<readonly number[]> => {
    await setBackend(cudaNative({ cache: false }));
    const weight = variable(
      tensor(
        Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
        { shape: [8, 8] },
      ),
    );
    const step = compile((x: Tensor) => {
      const [loss, grads] = valueAndGrad(() => weight.value.mul(x).softmax().square().sum(), { weight });
      weight.assign(weight.value.sub(grads.weight));
      return loss;
    });
    for (let i = 0; i < 4; i++) await step(tensor(i + 1));
    return [...(await weight.value.data())] as number[];
  };
  expect(await run()).toEqual(await run());
});

// The order in which threads come to an atomic instruction is not the same in each run.
test("no kernel has an atomic instruction, so that none compares and swaps", () => {
  const files = ["backend-cuda-native/src/{cuda,kernels}/*.ts", "lowering/src/threads/**/*.ts"];
  const sources = globSync(files, { cwd: packages }).filter((path) => !path.includes(".test"));
  expect(sources.length).toBeGreaterThan(20);
  const atomic = sources.filter((path) => /atomic[A-Z]|\batom\.|\bred\./.test(readFileSync(packages + path, "utf8")));
  expect(atomic).toEqual([]);
});

// the last: of a context in which something has failed the driver gives no second one
testEmulatedDevice("a run is enqueued and not waited for: what fails in it is told by whoever reads", async () => {
  const backend = await cudaNative({ cache: false }).create();
  await setBackend({ ...cudaNative(), create: async () => backend });
  const step = compile((x: Tensor) => x.exp().sum());
  expect(await (await step(tensor([0, 0]))).item()).toBe(2);
  vi.stubEnv("TENON_EMULATED_FAULT", "1");
  const failed = await step(tensor([0, 0]));
  const next = await step(tensor([0, 0]));
  await expect(failed.item()).rejects.toMatchObject({ code: "E541" });
  await expect(next.item()).rejects.toMatchObject({ code: "E541" });
  await backend.close().catch(() => {});
});

import { compile, type Tensor, tensor, variable } from "@tenon/tensor";
import { afterEach, expect, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import { whyNoDevice } from "./device.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

afterEach(() => vi.unstubAllEnvs());

// The driver refuses memory and streams of a context that is not the current one.
testEmulatedDevice("two GPUs compute in turn, each in its own memory, and hand Variables on", async () => {
  vi.stubEnv("TENON_EMULATED_DEVICES", "2");
  expect(whyNoDevice({ device: 1 })).toBeNull();
  expect(whyNoDevice({ device: 2 })).toBe("there is no GPU 2, of 2");
  const count = variable(tensor([0, 0, 0]));
  const steps = [0, 1].map((device) =>
    compile(
      (x: Tensor) => {
        count.assign(count.value.add(x));
        return count.value.sum();
      },
      { backend: cudaNative({ device, cache: false }) },
    ),
  );
  const sums: number[] = [];
  for (let i = 0; i < 6; i++) sums.push(await (await steps[i % 2]!(tensor([1, 2, i]))).item());
  expect(sums).toEqual([3, 7, 12, 18, 25, 33]);
  const both = await Promise.all([0, 1, 0, 1].map((device) => steps[device]!(tensor([1, 0, 0]))));
  expect(await Promise.all(both.map((sum) => sum.item()))).toEqual([34, 35, 36, 37]);
});

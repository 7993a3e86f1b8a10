import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  compile,
  hostKey,
  hostUniform,
  matmul,
  memory,
  softmaxCrossEntropy,
  spec,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import { expect, test } from "vitest";
import { cpuJs } from "./index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const STEPS = 10_000;
const EVERY = 1000;
const MIB = 2 ** 20;

test("10,000 steps of momentum on batches of three sizes leave live bytes as they were, and the process no larger", async () => {
  const weights = hostUniform(hostKey(1), 784 * 64, { low: -0.1, high: 0.1 });
  const params = [
    variable(tensor(weights, { shape: [784, 64] })),
    variable(zeros([64])),
    variable(tensor(weights.subarray(0, 640), { shape: [64, 10] })),
  ];
  const velocities = params.map((p) => variable(zeros(p.shape), { role: "slot" }));
  const step = compile(
    (x: Tensor, labels: Tensor) => {
      const [loss, grads] = valueAndGrad(() => {
        const h = matmul(x.cast("float32").div(255), params[0]!.value).add(params[1]!.value).relu();
        return softmaxCrossEntropy(matmul(h, params[2]!.value), labels).mean();
      }, params);
      for (const [i, v] of velocities.entries()) {
        v.assign(v.value.mul(0.9).add(grads[i]!));
        params[i]!.assign(params[i]!.value.sub(v.value.mul(0.01)));
      }
      return loss;
    },
    { inputs: [spec(["B", 784], "uint8"), spec(["B"], "int32")], backend: cpuJs() },
  );
  const live: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i <= STEPS; i++) {
    const size = [128, 128, 96, 1][i % 4]!;
    const images = Uint8Array.from({ length: size * 784 }, (_, j) => (i * 31 + j * 7) % 256);
    const labels = Uint8Array.from({ length: size }, (_, j) => (i + j) % 10);
    const loss = await step(tensor(images, { shape: [size, 784] }), tensor(labels, { dtype: "int32" }));
    expect(Number.isFinite(await loss.item())).toBe(true);
    if (i % EVERY !== 0) continue;
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20)); // finalisers
    live.push(memory().devices.reduce((sum, { liveBytes }) => sum + liveBytes, 0));
    resident.push(process.memoryUsage().rss / MIB);
  }
  console.log(`live bytes ${live.join(" ")}; resident MiB ${resident.map((x) => x.toFixed(0)).join(" ")}`);
  expect(new Set(live.slice(1)).size).toBe(1);
  expect(resident.at(-1)! - resident[2]!).toBeLessThan(24); // what the engine itself may keep
});

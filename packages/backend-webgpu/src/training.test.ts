import type { Backend, BackendFactory, Executable } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { conformance, firstOutside, lossBand } from "@tenon/conformance";
import { launchesOf, programOf } from "@tenon/lowering";
import { loadStep, setBackend, tensor } from "@tenon/tensor";
import { expect, test } from "vitest";
import { adam, makeNetwork, makeStep } from "../../../benchmarks/main-job/network.ts";
import { deviceStatsOf, webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

/** A factory whose backend and executables are seen. */
function watched() {
  const inner = webgpu({ gpu: softwareGpu() });
  const seen: { backend: Backend | undefined; readonly executables: Executable[] } = {
    backend: undefined,
    executables: [],
  };
  const factory: BackendFactory = {
    ...inner,
    async create(options) {
      const backend = await inner.create(options);
      const original = backend.compile.bind(backend);
      const compile: Backend["compile"] = async (...args) => {
        const executable = await original(...args);
        seen.executables.push(executable);
        return executable;
      };
      seen.backend = Object.assign(backend, { compile });
      return backend;
    },
  };
  return { factory, seen };
}

/** A batch of made-up digits. */
function batchOf(size: number, seed = 0) {
  const pixels = Uint8Array.from({ length: size * 784 }, (_, i) => (Math.imul(i + 784 * seed, 0x9e3779b1) >>> 9) % 256);
  const labels = Int32Array.from({ length: size }, (_, i) => (7 * i + seed) % 10);
  return [tensor(pixels, { shape: [size, 784] }), tensor(labels)] as const;
}

type Step = (...batch: ReturnType<typeof batchOf>) => Promise<{ item(): Promise<number> }>;

async function lossesOf(step: unknown, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = from; i < to; i++) losses.push(await (await (step as Step)(...batchOf(16, i))).item());
  return losses;
}

async function mainJob(backend: BackendFactory) {
  await setBackend(backend);
  const network = makeNetwork(0);
  return makeStep(network, adam(network));
}

describeWithGpu("of SwiftShader", () => {
  test("50 steps of each net of the kit stay in the interpreter's band", { timeout: 120_000 }, async () => {
    const report = await conformance(webgpu({ gpu: softwareGpu() }), { only: ["training"], steps: 50 });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(3);
  });

  test("a step of the main job whose loss is read is one submit and few kernels, and leaves nothing behind", {
    timeout: 120_000,
  }, async () => {
    const { factory, seen } = watched();
    const step = await mainJob(factory);
    await lossesOf(step, 0, 3);
    const program = programOf(seen.executables.find(({ signature }) => signature.entry === "train_step")!)!;
    const launches = launchesOf(program.items);
    console.log(`${launches} launches a step`);
    expect(launches).toBeLessThanOrEqual(16);
    const [before, live] = [deviceStatsOf(seen.backend!)!, seen.backend!.stats()];
    await lossesOf(step, 3, 23);
    const after = deviceStatsOf(seen.backend!)!;
    expect(after.submits - before.submits).toBe(20);
    expect(after.buffers).toBe(before.buffers);
    const { liveBuffers, liveBytes } = seen.backend!.stats(); // fewer where something was collected in between
    expect(liveBuffers).toBeLessThanOrEqual(live.liveBuffers);
    expect(liveBytes).toBeLessThanOrEqual(live.liveBytes);
  });

  test("a step begun on cpu-js goes on here and back", { timeout: 120_000 }, async () => {
    const here = webgpu({ gpu: softwareGpu() });
    const whole = await lossesOf(await mainJob(cpuJs()), 0, 9);
    const step = await mainJob(cpuJs());
    const first = await lossesOf(step, 0, 3);
    const moved = await loadStep(await step.save(), { backend: here });
    const second = await lossesOf(moved, 3, 6);
    const back = await loadStep(await moved.save(), { backend: cpuJs() });
    const third = await lossesOf(back, 6, 9);
    expect(first).toEqual(whole.slice(0, 3));
    // as far apart as two runs are whose sums are taken in another order
    const portable = await lossesOf(await mainJob(cpuJs({ simd: "portable" })), 0, 9);
    const band = lossBand([whole, portable]);
    expect(firstOutside(band, [...first, ...second, ...third])).toBe(undefined);
  });
});

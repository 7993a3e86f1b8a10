import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, setBackend, type Tensor, tensor } from "@tenon/tensor";
import { expect, test, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import type { KernelSource } from "./cuda/source.ts";
import type { OpenedDevice } from "./device.ts";
import { deviceKernels } from "./device-kernels.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { Programs } from "./programs.ts";

testEmulatedDevice("compiled kernels are kept on disk, and made anew where they are damaged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kept-"));
  vi.stubEnv("TENON_CACHE", folder);
  const run = async (): Promise<number> => {
    await setBackend(cudaNative());
    return (await compile((x: Tensor) => x.square().sum())(tensor([1, 2, 3]))).item();
  };
  try {
    expect(await run()).toBe(14);
    const kept = readdirSync(join(folder, "cuda"));
    expect(kept.length).toBeGreaterThan(0);

    vi.stubEnv("TENON_EMULATION_CACHE", join(folder, "none")); // nothing can be compiled now
    expect(await run()).toBe(14);
    for (const name of kept) writeFileSync(join(folder, "cuda", name), "damaged\0");
    await expect(run()).rejects.toMatchObject({ code: "E575" });
    vi.stubEnv("TENON_EMULATION_CACHE", folder);
    expect(await run()).toBe(14);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

testEmulatedDevice("a driver that is older than NVRTC is told of", async () => {
  vi.stubEnv("TENON_EMULATED_DRIVER", "12080");
  try {
    await setBackend(cudaNative({ cache: false }));
    const result = compile((x: Tensor) => x.square().sum())(tensor([1, 2, 3]));
    const error = await result.then(String, String);
    expect(error).toContain("E575 cuda-native: the driver refuses what NVRTC has made.");
    expect(error).toContain("problem: moduleLoadData: CUDA_ERROR_INVALID_IMAGE (device kernel image is invalid)");
    expect(error).toContain("driver: 12.8");
  } finally {
    vi.unstubAllEnvs();
  }
});

/** Kernels of so many characters, all different. */
const kernels = Array.from({ length: 8 }, (_, i): KernelSource => {
  const text = `// ${i} ${"x".repeat(20_000)}`;
  return { ...deviceKernels.choose, symbol: `kernel_${i}`, text };
});

/** A device that loads anything, and a compiler whose programs wait until they are let go. */
function opened(version: string, minor: number) {
  const waiting: (() => void)[] = [];
  const device = {
    facts: { name: "none", major: 9, minor, multiprocessors: 1, sharedBytes: 0, totalBytes: 0 },
    load: () => 0,
  };
  const compiler = {
    version,
    path: "none",
    architectures: [90, 93],
    compile: () => new Promise<Uint8Array>((resolve) => waiting.push(() => resolve(new Uint8Array(1)))),
  };
  return { waiting, opened: { device, compiler, driver: { version: 13_000 }, ordinal: 0 } as unknown as OpenedDevice };
}

test("kernels are compiled beside each other, and kept by source, architecture and version of NVRTC", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kept-"));
  vi.stubEnv("TENON_CACHE", folder);
  /** How many programs are being compiled at once. */
  const compiled = async (version: string, minor: number, sources = kernels): Promise<number> => {
    const { waiting, opened: machine } = opened(version, minor);
    const numbers = new Programs(machine, true).numbersOf(sources);
    const count = waiting.length;
    for (const go of waiting) go();
    expect((await numbers).size).toBe(sources.length);
    return count;
  };
  try {
    expect(await compiled("13.0", 0)).toBe(4);
    expect(await compiled("13.0", 0), "the same").toBe(0);
    expect(await compiled("13.1", 0), "another NVRTC").toBe(4);
    expect(await compiled("13.0", 3), "another architecture").toBe(4);
    const other = kernels.map((kernel) => ({ ...kernel, text: `${kernel.text};` }));
    expect(await compiled("13.0", 0, other), "another source").toBe(4);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

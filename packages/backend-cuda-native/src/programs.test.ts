import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, setBackend, type Tensor, tensor } from "@tenon/tensor";
import { expect, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

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

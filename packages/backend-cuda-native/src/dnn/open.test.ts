import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { type CudaNativeOptions, cudaNative } from "../backend.ts";
import { saidDuring } from "../blas/said.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { candidatesOf } from "../libraries.ts";

const fingerprintOf = async (options: CudaNativeOptions = {}): Promise<string> =>
  (await cudaNative({ cache: false, ...options }).create()).caps.device.fingerprint;

// The order matters: what a process has opened once, the loader finds by its name wherever it lies.

testEmulatedDevice("without the library or its part for graphs attention has kernels of our own", async (context) => {
  const others = candidatesOf("attention", { ...process.env, TENON_CUDA_LIBS: "" });
  if (others.some((path) => path.includes("/"))) return context.skip(); // NVIDIA's own is installed
  const folder = mkdtempSync(join(tmpdir(), "tenon-libraries-"));
  const bring = (name: string) => symlinkSync(join(process.env.TENON_CUDA_LIBS!, name), join(folder, name));
  for (const name of ["libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9"]) bring(name);
  try {
    vi.stubEnv("TENON_CUDA_LIBS", folder);
    const said = await saidDuring(async () => expect(await fingerprintOf()).not.toContain("cuDNN"));
    expect(said).toEqual(["attention: kernels of our own, since libcudnn.so.9 was not found"]);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

testEmulatedDevice(
  "the fingerprint names the version; a wrong one is not used, nor is any without libraries",
  async () => {
    expect(await fingerprintOf()).toMatch(/, cuBLASLt 13\.1, cuDNN 9\.22\.0$/);
    expect(await fingerprintOf({ libraries: false })).not.toContain("cuDNN");
    vi.stubEnv("TENON_EMULATED_CUDNN", "91001");
    const said = await saidDuring(async () => expect(await fingerprintOf()).not.toContain("cuDNN"));
    vi.unstubAllEnvs();
    expect(said).toEqual(["attention: kernels of our own, since that of cuDNN 9.10.1 is wrong"]);
  },
);

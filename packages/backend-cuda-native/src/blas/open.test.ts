import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, matmul, ones, setBackend } from "@tenon/tensor";
import { expect, vi } from "vitest";
import { type CudaNativeOptions, cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { saidDuring } from "./said.test-kit.ts";

/** A folder with the emulated libraries but the one of products. */
function withoutLibrary(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenon-libraries-"));
  for (const name of ["libcuda.so.1", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0"])
    symlinkSync(join(process.env.TENON_CUDA_LIBS!, name), join(folder, name));
  return folder;
}

/** Computes a product, and gives the device's fingerprint. */
async function fingerprintOf(options: CudaNativeOptions): Promise<string> {
  const backend = await cudaNative({ cache: false, ...options, debug: { smallProducts: true } }).create();
  await setBackend({ ...cudaNative(), create: async () => backend });
  const y = await compile((x, w) => matmul(x, w))(ones([2, 3]), ones([3, 2]));
  expect([...(await y.data())]).toEqual([3, 3, 3, 3]);
  return backend.caps.device.fingerprint;
}

testEmulatedDevice(
  "without the library products are computed by kernels of our own, and the fingerprint tells",
  async () => {
    const folder = withoutLibrary();
    vi.stubEnv("TENON_CUDA_LIBS", folder); // before the library is loaded: the loader finds what it has loaded already
    const said = await saidDuring(async () => expect(await fingerprintOf({})).not.toContain("cuBLASLt"));
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
    expect(said).toContainEqual(expect.stringMatching(/^products: kernels of our own, since /));
    expect(await fingerprintOf({})).toMatch(/, cuBLASLt 13\.1, /);
    expect(await fingerprintOf({ libraries: false })).not.toContain("cuBLASLt");
  },
);

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { emulatedLibraries, ensureAddon, whyNoCompiler } from "../../../scripts/native.mjs";

/*
 * A driver and a compiler without a device stand in for NVIDIA's, so that everything but the GPU is what users run. They are
 * built by g++, and the addon by cmake.
 */

function whyNot(): string | undefined {
  if (process.platform !== "linux") return "the emulated driver is made for Linux";
  if (spawnSync("g++", ["--version"]).status !== 0) return "g++ is not installed";
  return whyNoCompiler();
}

const missing = whyNot();
if (missing !== undefined)
  process.stderr.write(`\n*** cuda-native: ${missing}: tests on the emulated driver are SKIPPED. ***\n`);

if (missing === undefined) {
  ensureAddon();
  const folder = mkdtempSync(join(tmpdir(), "tenon-cuda-"));
  const kernels = process.env.TENON_EMULATION_CACHE ?? join(folder, "kernels");
  mkdirSync(kernels, { recursive: true });
  Object.assign(process.env, {
    TENON_CUDA_LIBS: emulatedLibraries(),
    TENON_EMULATION_CACHE: kernels,
    TENON_EMULATION_INCLUDE: fileURLToPath(new URL("../emulation", import.meta.url)),
  });
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}

export const describeEmulated = describe.skipIf(missing !== undefined);
export const testEmulatedDevice = test.skipIf(missing !== undefined);

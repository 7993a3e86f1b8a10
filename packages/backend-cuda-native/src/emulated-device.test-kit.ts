import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";

/*
 * A driver and a compiler without a device stand in for NVIDIA's, so that everything but the GPU is what users run. They are
 * built by g++, and the addon by cmake.
 */

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const emulation = join(packageFolder, "emulation");
const addon = join(packageFolder, "build/Release/tenon_cuda.node");

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;

function whyNot(): string | undefined {
  if (process.platform !== "linux") return "the emulated driver is made for Linux";
  if (!has("g++")) return "g++ is not installed";
  if (!existsSync(addon) && !has("cmake")) return "the addon is not built, and cmake is not installed";
  return undefined;
}

const missing = whyNot();
if (missing !== undefined)
  process.stderr.write(`\n*** cuda-native: ${missing}: tests on the emulated driver are SKIPPED. ***\n`);

function build(): void {
  if (existsSync(addon)) return;
  execFileSync("npm", ["run", "build:native"], { cwd: packageFolder, stdio: "pipe" });
}

const folder = missing === undefined ? mkdtempSync(join(tmpdir(), "tenon-cuda-")) : "";

if (missing === undefined) {
  build();
  const libraries = [
    ["driver", "libcuda.so.1"],
    ["compiler", "libnvrtc.so.13"],
  ] as const;
  for (const [source, name] of libraries) {
    const flags = ["-std=c++20", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-I", emulation];
    const made = join(folder, `${name}.part`);
    execFileSync("g++", [...flags, join(emulation, `${source}.cpp`), "-o", made, "-ldl"], { stdio: "pipe" });
    renameSync(made, join(folder, name));
  }
  const cache = process.env.TENON_EMULATION_CACHE ?? join(folder, "kernels");
  mkdirSync(cache, { recursive: true });
  Object.assign(process.env, {
    TENON_CUDA_LIBS: folder,
    TENON_EMULATION_CACHE: cache,
    TENON_EMULATION_INCLUDE: emulation,
  });
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}

export const describeEmulated = describe.skipIf(missing !== undefined);
export const testEmulatedDevice = test.skipIf(missing !== undefined);

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConformanceOptions, conformance } from "@tenon/conformance";
import { expect } from "vitest";
import { cudaNative } from "./backend.ts";
import type { KernelSource } from "./cuda/source.ts";
import { compileUnits, kernelsOfKit, unitsOf } from "./kernels-of-kit.test-kit.ts";

const hasNvcc = spawnSync("nvcc", ["--version"]).status === 0;
if (!hasNvcc)
  process.stderr.write("\n*** nvcc is not installed: kernels are NOT compiled for devices by these tests. ***\n");

/** Devices that kernels are compiled for: the A100 and its likes, the H100 and its likes. */
const architectures = ["sm_80", "sm_90"] as const;

const compileFlags = ["-std=c++20", "-O1", "-ffp-contract=off", "-w", "-fPIC", "-shared", "-include", "emulation.h"];

/** Compiles the kernels of a kit for the processor, from where the emulated device takes them. They come in few units, since compilers take long to start. */
async function compiled(options: ConformanceOptions, folder: string): Promise<readonly (readonly KernelSource[])[]> {
  const units = unitsOf(await kernelsOfKit(options));
  const include = process.env.TENON_EMULATION_INCLUDE!;
  const made = await compileUnits(units, folder, "cpp", (source, target) => [
    "g++",
    ...compileFlags,
    ...["-I", include, "-o", `${target}.so`, source],
  ]);
  const index = join(folder, "index");
  const lines = units.flatMap((unit, i) => unit.map(({ symbol }) => `${symbol} ${made[i]}.so`));
  writeFileSync(index, lines.join("\n"));
  process.env.TENON_EMULATION_INDEX = index;
  return units;
}

/** Runs a kit whose products, however small, are those of a library, as far as it has them. */
export async function judgeProducts(options: ConformanceOptions, folder: string): Promise<void> {
  await compiled(options, folder);
  const report = await conformance(cudaNative({ cache: false, debug: { poison: true, smallProducts: true } }), options);
  expect(report.failures).toEqual([]);
}

/** Compiles the kernels of a kit for devices, where nvcc is, and for the processor; then runs the kit by these. */
export async function judge(options: ConformanceOptions, folder: string): Promise<void> {
  const units = await compiled(options, folder);
  const report = await conformance(cudaNative({ cache: false, debug: { poison: true } }), options);
  expect(report.failures).toEqual([]);
  const unsupported = report.cells.filter(({ status }) => status === "unsupported");
  expect(unsupported.filter(({ detail }) => !/E511.*int64|E514.*unbounded-while/.test(detail!))).toEqual([]);

  if (!hasNvcc) return;
  for (const architecture of architectures)
    await compileUnits(units, folder, "cu", (source, target) => [
      "nvcc",
      ...["-cubin", `-arch=${architecture}`, "-fmad=false", "-o", `${target}.cubin`, source],
    ]);
}

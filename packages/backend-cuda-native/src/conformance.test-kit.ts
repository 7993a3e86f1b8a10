import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { type ConformanceOptions, conformance } from "@tenon/conformance";
import { expect } from "vitest";
import { cudaNative } from "./backend.ts";
import { kernelsOfKit } from "./kernels-of-kit.test-kit.ts";
import { type Command, Units } from "./units.test-kit.ts";

const hasNvcc = spawnSync("nvcc", ["--version"]).status === 0;
if (!hasNvcc)
  process.stderr.write("\n*** nvcc is not installed: kernels are NOT compiled for devices by these tests. ***\n");

/** Without optimisation, which would take longer than it saves. */
const forProcessor: Command = (source, target) => [
  "g++",
  ...["-std=c++20", "-O0", "-ffp-contract=off", "-w", "-fPIC", "-shared", "-include", "emulation.h"],
  ...["-I", process.env.TENON_EMULATION_INCLUDE!, "-o", target, source],
];

/** For the A100 and its likes and the H100 and its likes, in one call. */
const forDevices =
  (optimized: boolean): Command =>
  (source, target) => [
    "nvcc",
    ...["-fatbin", "-fmad=false", ...(optimized ? [] : ["-Xcicc", "-O0", "-Xptxas", "-O0"])],
    ...["80", "90a"].flatMap((n) => ["-gencode", `arch=compute_${n},code=sm_${n}`]),
    ...["-o", target, source],
  ];

/** Compiles every kernel of a kit for the processor, from where the emulated device takes them, and for devices by `command`. */
async function compiled(options: ConformanceOptions, folder: string, command?: Command): Promise<Units> {
  const units = new Units(folder, forProcessor, command);
  await kernelsOfKit(options, (source) => units.add(source));
  process.env.TENON_EMULATION_INDEX = await units.index();
  return units;
}

/** Runs a kit whose products, however small, are those of a library, as far as it has them. */
export async function judgeProducts(options: ConformanceOptions, folder: string): Promise<void> {
  await compiled(options, folder);
  const report = await conformance(cudaNative({ cache: false, debug: { poison: true, smallProducts: true } }), options);
  expect(report.failures).toEqual([]);
}

/** Runs a kit by what the processor has, whose kernels nvcc, where it is, compiles for devices. */
export async function judge(options: ConformanceOptions, folder: string, { optimized = false } = {}): Promise<void> {
  const units = await compiled(options, folder, hasNvcc ? forDevices(optimized) : undefined);
  const alone = (): readonly string[] => readdirSync(process.env.TENON_EMULATION_CACHE!);
  const before = alone();

  const report = await conformance(cudaNative({ cache: false, debug: { poison: true } }), options);
  expect(report.failures).toEqual([]);
  const unsupported = report.cells.filter(({ status }) => status === "unsupported");
  expect(unsupported.filter(({ detail }) => !/E511.*int64|E514.*unbounded-while/.test(detail!))).toEqual([]);
  expect(alone(), "kernels that were not among those of the units").toEqual(before);
  await units.forDevices();
}

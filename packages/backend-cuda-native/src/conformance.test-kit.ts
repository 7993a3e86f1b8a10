import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
async function withUnits(
  options: ConformanceOptions,
  command: Command | undefined,
  check: (units: Units) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kit-"));
  try {
    const units = new Units(folder, forProcessor, command);
    await kernelsOfKit(options, (source) => units.add(source));
    process.env.TENON_EMULATION_INDEX = await units.index();
    await check(units);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a kit whose products, however small, are those of a library, as far as it has them. */
export function judgeProducts(options: ConformanceOptions): Promise<void> {
  const device = cudaNative({ cache: false, debug: { poison: true, smallProducts: true } });
  return withUnits(options, undefined, async () => {
    expect((await conformance(device, options)).failures).toEqual([]);
  });
}

/** Runs a kit by what the processor has, whose kernels nvcc, where it is, compiles for devices. */
export function judge(options: ConformanceOptions, { optimized = false } = {}): Promise<void> {
  return withUnits(options, hasNvcc ? forDevices(optimized) : undefined, async (units) => {
    const alone = (): readonly string[] => readdirSync(process.env.TENON_EMULATION_CACHE!);
    const before = alone();

    const report = await conformance(cudaNative({ cache: false, debug: { poison: true } }), options);
    expect(report.failures).toEqual([]);
    const unsupported = report.cells.filter(({ status }) => status === "unsupported");
    expect(unsupported.filter(({ detail }) => !/E511.*int64|E514.*unbounded-while/.test(detail!))).toEqual([]);
    expect(alone(), "kernels that were not among those of the units").toEqual(before);
    await units.forDevices();
  });
}

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { constantIndex } from "@tenon/lowering";
import { expect, test } from "vitest";
import { kernelOf } from "../../lowering/src/kernel/random-kernel.test-kit.ts";
import { renderLoops } from "./cuda/loops.ts";
import { programText } from "./cuda/source.ts";
import { deviceProgram } from "./device-program.test-kit.ts";
import { hasHeader, headerFlags } from "./headers.test-kit.ts";

const hasNvcc = spawnSync("nvcc", ["--version"]).status === 0;
if (!hasNvcc) console.warn("cuda-native: nvcc is not installed, so that kernels are not compiled for devices here");

/** Bytes of registers that a thread may put aside: attention of long rows with mask and bias does so with 64, by nvcc 13.0. */
const MOST_SPILLED = 128;

test.skipIf(!hasNvcc).each(["sm_80", "sm_90a"] as const)(
  "kernels compile for %s, with their numbers in registers",
  { timeout: 120_000 },
  async (architecture) => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-nvcc-"));
    try {
      const [source, cubin] = [join(folder, "program.cu"), join(folder, "program.cubin")];
      writeFileSync(source, await deviceProgram(architecture));
      const flags = [
        "-cubin",
        `-arch=${architecture}`,
        "-fmad=false",
        "-diag-suppress",
        "177,550",
        "--Werror",
        "all-warnings",
        "-Xptxas",
        "-v",
        "-o",
        cubin,
      ];
      const { status, stderr } = spawnSync("nvcc", [...flags, source], { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      const spilled = [...stderr.matchAll(/(\d+) bytes spill stores/g)].map(([, bytes]) => Number(bytes));
      expect(spilled.length).toBeGreaterThan(0);
      expect(Math.max(...spilled)).toBeLessThanOrEqual(MOST_SPILLED);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(!hasNvcc)("four elements side by side are one access of 16 bytes", { timeout: 60_000 }, () => {
  const kernel = kernelOf((w) => {
    const size = constantIndex(2 ** 20);
    const i = w.axis("i", size);
    const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
    w.loop(i, size, "parallel", () => w.store(y, i, w.alu("neg", [w.load(x, i)])));
  });
  const folder = mkdtempSync(join(tmpdir(), "tenon-nvcc-"));
  try {
    const [source, ptx] = [join(folder, "program.cu"), join(folder, "program.ptx")];
    writeFileSync(source, programText([renderLoops(kernel, { maxThreads: 256, sharedBytes: 49_152 })]));
    execFileSync("nvcc", ["-ptx", "-arch=sm_80", "-o", ptx, source], { stdio: "pipe" });
    const text = readFileSync(ptx, "utf8");
    expect(text.match(/\b(ld|st)(\.global)?\.v4\.\w+/g)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(!hasNvcc)("the addon declares the driver as NVIDIA's header does", { timeout: 60_000 }, () => {
  const source = fileURLToPath(new URL("../emulation/declared.cpp", import.meta.url));
  const compile = () => execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", source], { stdio: "pipe" });
  expect(compile).not.toThrow();
});

const hasHeaders = hasHeader("cublasLt.h") && hasHeader("cudnn.h");

test.skipIf(!hasNvcc || !hasHeaders)(
  "it declares cuBLASLt and cuDNN as NVIDIA's headers do",
  { timeout: 60_000 },
  () => {
    const source = fileURLToPath(new URL("../emulation/declared-libraries.cpp", import.meta.url));
    const compile = () =>
      execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", ...headerFlags, source], { stdio: "pipe" });
    expect(compile).not.toThrow();
  },
);

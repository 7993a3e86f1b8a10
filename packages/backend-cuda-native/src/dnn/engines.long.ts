import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { candidatesOf } from "../libraries.ts";
import { packed } from "./description.ts";
import { graphsOf } from "./graphs.ts";
import type { AttentionProblem, PlacedArray } from "./problem.ts";

const folder = fileURLToPath(new URL("../..", import.meta.url));

/** NVIDIA's own, where it is installed. */
const library = candidatesOf("attention")
  .map((path) => path.replace(/libcudnn(?=[^/]*$)/, "libcudnn_graph"))
  .find((path) => existsSync(path));
const isHere = library !== undefined && spawnSync("g++", ["--version"]).status === 0;
if (!isHere)
  process.stderr.write("\n*** cuDNN is not installed: its engines are NOT asked for plans by these tests. ***\n");

/** Properties of GPUs by compute capability, in cuDNN's words: those of NVIDIA, CUDA C++ Programming Guide, "Compute Capabilities". */
const common = {
  ...{ maxGridSize: [2 ** 31 - 1, 65_535, 65_535], maxBlockSize: [1024, 1024, 64], regsPerBlock: 65_536, warpSize: 32 },
  ...{
    maxSharedMemoryPerBlock: 49_152,
    reservedSharedMemoryPerBlock: 1024,
    maxRegistersPerSM: 65_536,
    maxCtasPerSM: 32,
  },
  ...{ maxThreadsPerBlock: 1024, maxThreadsPerSM: 2048, pciDeviceId: 0, isTccDriver: 0, supportCoopLaunch: 1 },
  ...{ smCountOrigin: 0, cudaDeviceId: 0, driverVer: 13_000, smClockRateKHz: 1_500_000, memClockRateKHz: 1_500_000 },
  ...{ deviceName: "told of", l2CacheSize: 50 * 2 ** 20, totalGlobalMem: 80 * 2 ** 30 },
};
const devices = {
  sm_80: { ...common, deviceVer: 800, multiProcessorCount: 108, maxSharedMemoryPerBlockOptin: 166_912 },
  sm_90: { ...common, deviceVer: 900, multiProcessorCount: 132, maxSharedMemoryPerBlockOptin: 232_448 },
} as const;

/** Attentions of batch, queries, keys, heads, heads of keys, features, and features of values. */
const sizes = [
  [2, 128, 128, 4, 2, 64, 64],
  [3, 1, 77, 2, 2, 64, 64],
  [1, 65, 65, 2, 1, 128, 8],
] as const;

function problems(): readonly AttentionProblem[] {
  const array = (b: number, s: number, h: number, d: number): PlacedArray => ({
    ...{ slot: 0, offset: 0, sizes: [b, h, s, d], strides: [s * h * d, d, h * d, 1] },
  });
  return sizes.flatMap(([b, t, s, h, k, d, e], i) =>
    [false, true].flatMap((wanted) => {
      const rows = [b, h, t, 1];
      const lse = wanted ? { slot: 0, offset: 0, sizes: rows, strides: packed(rows) } : undefined;
      const all = { q: array(b, t, h, d), k: array(b, s, k, d), v: array(b, s, k, e), y: array(b, t, h, e), lse };
      const dtype = i % 2 === 0 ? "bfloat16" : "float16";
      return [false, ...(t === s ? [true] : [])].map((causal) => ({ dtype, scale: 0.125, causal, ...all }) as const);
    }),
  );
}

test.skipIf(!isHere).each(Object.entries(devices))(
  "cuDNN has a deterministic engine for each way to tell it of an attention on %s",
  { timeout: 120_000 },
  (_, device) => {
    const work = mkdtempSync(join(tmpdir(), "tenon-engines-"));
    try {
      const [driver, program, told, graphs] = ["libcuda.so.1", "engines", "device.json", "graphs"].map((name) =>
        join(work, name),
      ) as [string, string, string, string];
      const compile = (...args: readonly string[]) => execFileSync("g++", ["-std=c++20", ...args], { stdio: "pipe" });
      compile("-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", driver, join(folder, "emulation/nowhere.cpp"));
      const native = ["computations", "dnn", "library"].map((name) => join(folder, `native/${name}.cc`));
      compile("-o", program, join(folder, "emulation/engines.cpp"), ...native, "-ldl");
      writeFileSync(told, JSON.stringify(device));
      const versions = [90_501, 91_500, 92_400];
      const described = versions.flatMap((version) =>
        problems().flatMap((problem) =>
          graphsOf(problem, version).map(({ name, numbers }) => ({ version, name, problem, numbers })),
        ),
      );
      const lists = described.flatMap(({ numbers }) => [numbers.length, ...numbers]);
      writeFileSync(graphs, new Uint8Array(Float64Array.of(described.length, ...lists).buffer));
      const [version, ...answers] = execFileSync(program, [driver, library!, told, graphs], { encoding: "utf8" })
        .trim()
        .split("\n");
      const known = described.filter((graph) => graph.version <= Number(version));
      expect(known.length).toBeGreaterThan(0);
      for (const graph of known) expect(answers[described.indexOf(graph)], JSON.stringify(graph)).toBe("planned");
    } finally {
      rmSync(work, { recursive: true });
    }
  },
);

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasHeader, headerFlags } from "../headers.test-kit.ts";
import { attributes, dataTypes, descriptors, heuristics, modes, reductions, types } from "./values.ts";

/** With what it includes. */
const isHere = hasHeader("cudnn.h") && spawnSync("nvcc", ["--version"]).status === 0;
if (!isHere) console.warn("cuda-native: cudnn.h is not installed, so that what cuDNN is told is not compared with it");

/** What came with later versions than 9.0, by how their names begin. */
const later: readonly (readonly [string, number])[] = [
  ["OPERATION_SDPA_FWD_SUBGRAPH", 92_100],
  ["OPERATION_SDPA_FWD_SOFTMAX", 92_100],
  ["OPERATION_SDPA_FWD", 91_300],
  ["OPERATION_DIAGONAL_BAND_MASK", 92_000],
  ["OPERATION_SOFTMAX", 92_000],
];

const asserted = (values: Readonly<Record<string, number>>, before: string, after = ""): readonly string[] =>
  Object.entries(values).map(([name, value]) => {
    const [, since = 90_000] = later.find(([beginning]) => name.startsWith(beginning)) ?? [];
    const claim = `static_assert(int{CUDNN_${before}${name}${after}} == ${value});`;
    return `#if CUDNN_VERSION >= ${since}\n${claim}\n#endif`;
  });

test.skipIf(!isHere)("cuDNN is told the values of NVIDIA's header", { timeout: 60_000 }, () => {
  const text = [
    "#include <cudnn.h>",
    ...asserted(descriptors, "BACKEND_", "_DESCRIPTOR"),
    ...asserted(attributes, "ATTR_"),
    ...asserted(types, "TYPE_"),
    ...asserted(dataTypes, "DATA_"),
    ...asserted(modes, "POINTWISE_"),
    ...asserted(reductions, "REDUCE_TENSOR_"),
    ...asserted(heuristics, "HEUR_MODE_"),
  ].join("\n");
  const folder = mkdtempSync(join(tmpdir(), "tenon-declared-"));
  try {
    const source = join(folder, "declared.cpp");
    writeFileSync(source, text);
    const compile = () =>
      execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", ...headerFlags, source], { stdio: "pipe" });
    expect(compile).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

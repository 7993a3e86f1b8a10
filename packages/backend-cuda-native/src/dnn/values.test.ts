import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { attributes, dataTypes, descriptors, heuristics, modes, reductions, types } from "./values.ts";

const emulation = fileURLToPath(new URL("../../emulation", import.meta.url));

/** Whether NVIDIA's header of cuDNN 9 is installed, and its compiler, which has what that includes. */
const hasHeader =
  spawnSync("nvcc", ["-E", "-x", "c++", "-"], { input: "#include <cudnn.h>\n#if CUDNN_MAJOR != 9\n#error\n#endif\n" })
    .status === 0;
if (!hasHeader)
  console.warn("cuda-native: cudnn.h is not installed, so that what is declared of cuDNN is not compared with it");

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

test.skipIf(!hasHeader)("cuDNN is declared, and its values are told, as NVIDIA's header has them", () => {
  const text = [
    `#include "${emulation}/declared-dnn.cpp"`,
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
    const compile = () => execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", source], { stdio: "pipe" });
    expect(compile).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { candidatesOf } from "./libraries.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

testEmulatedDevice(
  "launches, buffers, graphs, products and graphs of operations leave nothing behind, and the sanitizers of addresses and undefined behaviour find nothing",
  { timeout: 120_000 },
  () => {
    const work = mkdtempSync(join(tmpdir(), "tenon-sanitized-"));
    try {
      const program = join(work, "host");
      const sources = [
        "emulation/host.cpp",
        ...["blas", "compiler", "computations", "device"].map((x) => `native/${x}.cc`),
        ...["dnn", "driver", "library", "products"].map((x) => `native/${x}.cc`),
      ];
      const checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
      const flags = ["-std=c++20", "-O0", "-g1", "-Wall", "-Wextra", "-Werror", ...checks];
      execFileSync("g++", [...flags, ...sources.map((source) => join(folder, source)), "-o", program, "-ldl"], {
        stdio: "pipe",
      });
      const kinds = ["driver", "compiler", "products", "attention"] as const;
      const paths = kinds.map((kind) => candidatesOf(kind)[0]!);
      expect(() => execFileSync(program, paths, { stdio: "pipe" })).not.toThrow();
    } finally {
      rmSync(work, { recursive: true });
    }
  },
);

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
  "launches, buffers, graphs and products leave nothing behind, and the sanitizers of addresses and undefined behaviour find nothing",
  { timeout: 120_000 },
  () => {
    const work = mkdtempSync(join(tmpdir(), "tenon-sanitized-"));
    try {
      const program = join(work, "host");
      const sources = [
        "emulation/host.cpp",
        ...["blas", "compiler", "device", "driver", "library", "products"].map((x) => `native/${x}.cc`),
      ];
      const checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
      const flags = ["-std=c++20", "-O0", "-g1", "-Wall", "-Wextra", "-Werror", ...checks];
      execFileSync("g++", [...flags, ...sources.map((source) => join(folder, source)), "-o", program, "-ldl"], {
        stdio: "pipe",
      });
      const [driver] = candidatesOf("driver");
      const [compiler] = candidatesOf("compiler");
      const [products] = candidatesOf("products");
      expect(() => execFileSync(program, [driver!, compiler!, products!], { stdio: "pipe" })).not.toThrow();
    } finally {
      rmSync(work, { recursive: true });
    }
  },
);

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tool } from "../../../scripts/child.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

const hasSanitizer = spawnSync("compute-sanitizer", ["--version"]).status === 0;
if (!hasSanitizer)
  process.stderr.write("\n*** compute-sanitizer is not installed: kernels are NOT run under it by these tests. ***\n");

/** What is looked for: accesses outside of memory, memory that is read before it is written, races, barriers that not all reach. */
const tools = ["memcheck", "initcheck", "racecheck", "synccheck"];
const FOUND = 66;
/** The vectors, and attention by tensor cores, of which they have little. */
const files = ["conformance.cuda.ts", "kernels/own-attention.cuda.ts"].map(
  (file) => `packages/backend-cuda-native/src/${file}`,
);

// NVIDIA, Compute Sanitizer, 2.1: its exit code tells what it found in the one process that it watches
test.skipIf(!hasSanitizer).each(tools)(
  "compute-sanitizer's %s finds nothing in the vectors of the ops and in attention",
  (name) => {
    const watched = ["--tool", name, "--target-processes", "application-only", "--error-exitcode", String(FOUND)];
    const vitest = [tool("vitest"), "run", "--mode", "cuda", "--pool", "threads"];
    const { status, stdout } = spawnSync("compute-sanitizer", [...watched, process.execPath, ...vitest, ...files], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TENON_CUDA_WATCHED: "1" },
      maxBuffer: 2 ** 28,
    });
    expect(status, stdout.slice(-8000)).toBe(0);
    expect(stdout).toMatch(/^=+ (ERROR|RACECHECK) SUMMARY: 0 /m);
  },
);

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { capture, environment, runNode, tool, workspaceNode } from "./child.mjs";
import { packedChecks } from "./packed.mjs";
import { cache, root } from "./workspace.mjs";

/** @typedef {{ passed: number, failed: number }} Counts */

/** The outcome of a tool that either passes or does not. */
async function oneCheck(/** @type {readonly string[]} */ args) {
  const status = await runNode(args);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs vitest and counts its tests; a file that cannot be loaded, and an error outside the tests, fail as one test each. */
async function vitestCounts(/** @type {readonly string[]} */ args) {
  const report = join(cache, `vitest-${process.pid}.json`);
  mkdirSync(cache, { recursive: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = await runNode([tool("vitest"), "run", ...reporters, ...args]);
  const counts = { passed: 0, failed: 0 };
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    const unloaded = testResults.filter(
      (/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
        file.status === "failed" && file.assertionResults.every((result) => result.status !== "failed"),
    );
    counts.passed = numPassedTests;
    counts.failed = numFailedTests + unloaded.length;
  } catch {
    counts.failed = 1; // vitest did not come as far as its report
  }
  rmSync(report, { force: true });
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Prints the sum as the last line, and gives the exit status: a failure, or nothing at all, is not a success. */
function conclude(/** @type {Counts} */ { passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Vitest alone, on the files and with the options that are named. */
export async function vitest(/** @type {readonly string[]} */ args) {
  return conclude(await vitestCounts(args));
}

/** The exit status of `test:cuda` where no GPU answers: nothing has failed, and nothing has passed. */
const NOTHING_RUN = 3;

/** The tests that want an NVIDIA GPU. */
export async function testCuda(/** @type {readonly string[]} */ args) {
  const { output } = await capture(workspaceNode(), [join(root, "scripts/gpu.mjs")], { env: environment() });
  if (output.trim() === "") {
    await ensureBuilt(); // examples use built packages
    return vitest(["--mode", "cuda", ...args]);
  }
  console.error(`\n*** No NVIDIA GPU answers: ${output.trim()}. NOTHING was run. ***\n`);
  return NOTHING_RUN;
}

/** @type {readonly (readonly [string, () => Promise<Counts>])[]} */
const suites = [
  ["lint", () => oneCheck([tool("@biomejs/biome", "biome"), "check", root])],
  ["types", () => oneCheck([tool("typescript", "tsc"), "-p", join(root, "tsconfig.json")])],
  ["packed packages", packedChecks],
  ["tests", () => vitestCounts([])],
];

/** Every suite, or with arguments (paths, `-t name`) only vitest on those. */
export async function test(/** @type {readonly string[]} */ args) {
  if (args.length > 0) return vitest(args);
  const total = { passed: 0, failed: 0 };
  const rows = [];
  for (const [name, suite] of suites) {
    console.log(`\n── ${name} ${"─".repeat(76 - name.length)}`);
    const start = performance.now();
    const counts = await suite().catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      return { passed: 0, failed: 1 };
    });
    total.passed += counts.passed;
    total.failed += counts.failed;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    rows.push(`${name.padEnd(16)} ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`);
  }
  console.log(`\n── summary ${"─".repeat(69)}\n${rows.join("\n")}\n`);
  return conclude(total);
}

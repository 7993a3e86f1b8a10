/**
 * Shows whether the conformance kit bites: faults are drawn by seed from mechanical mutations of what cpu-js is made of, and
 * each should make the kit fail. `npm run test:mutations -- [--seed N] [--count N] [--jobs N] [--json FILE]`
 *
 * Only copies of the packages are changed. A place may be drawn where the kit, run once without a fault, executes it, and
 * where the mutated file still type-checks.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { executions } from "./executed.mjs";
import { typeChecker } from "./mutant-types.mjs";
import { mutantsOf, mutated } from "./mutants.mjs";
import { manifest, packagesIn, root } from "./workspace.mjs";

const MUTATED = ["packages/lowering", "packages/backend-cpu-js"];
const KIT = "mutant-kit.mjs";
/** A mutant may take so many times what the kit takes without one. */
const PATIENCE = 4;
const HEAP_MB = 3072;
const GOLDEN = 0x9e3779b9; // 2^32 over the golden ratio

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "60" },
    jobs: { type: "string", default: "2" },
    json: { type: "string" },
  },
});

/** The packages' sources in a folder of their own, where Node finds them under their names. */
function copyOfPackages(/** @type {string} */ folder) {
  mkdirSync(join(folder, "node_modules/@tenon"), { recursive: true });
  for (const path of packagesIn("packages")) {
    cpSync(join(root, path, "src"), join(folder, path, "src"), {
      recursive: true,
      filter: (file) => !/\.(test|test-kit|long)\.ts$/.test(file),
    });
    const text = JSON.stringify(manifest(path)).replaceAll(/\.\/dist\/([\w-]+)(\.d\.ts|\.js)/g, "./src/$1.ts");
    writeFileSync(join(folder, path, "package.json"), text);
    symlinkSync(join(folder, path), join(folder, "node_modules", manifest(path).name), "junction");
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  cpSync(join(root, "scripts", KIT), join(folder, KIT));
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
let stopped = false;

/**
 * Runs the kit in a copy.
 *
 * @param {string} folder
 * @param {number} timeout
 * @param {Record<string, string>} env
 * @returns {Promise<{ status: number | string, seconds: number, said: string }>}
 */
function runKit(folder, timeout, env = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, join(folder, KIT)], {
    cwd: folder,
    env: { ...process.env, ...env },
    timeout,
    killSignal: "SIGKILL",
  });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(0, 4000)));
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (status, signal) => {
      running.delete(child);
      const seconds = (performance.now() - started) / 1000;
      const lines = said.split("\n").filter((line) => line.trim() !== "");
      const telling = lines.find((line) => / · |Error/.test(line)) ?? lines[0] ?? "";
      resolve({ status: status ?? signal ?? 1, seconds, said: telling.trim().slice(0, 200) });
    });
  });
}

/** The list in an order that depends on the seed alone, lazily. Fisher & Yates 1938, with the finaliser of MurmurHash3. */
function* drawn(/** @type {readonly number[]} */ list, /** @type {number} */ seed) {
  const left = [...list];
  let state = Math.imul(seed, GOLDEN);
  while (left.length > 0) {
    state = (state + GOLDEN) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    const at = ((bits ^ (bits >>> 16)) >>> 0) % left.length;
    const last = /** @type {number} */ (left.pop());
    if (at === left.length) yield last;
    else {
      yield/** @type {number} */ (left[at]);
      left[at] = last;
    }
  }
}

/** @typedef {import("./mutants.mjs").Mutant & { path: string, line: number, was: string }} Fault */

/** Every fault that could be drawn. */
function candidates(/** @type {string} */ folder, /** @type {string} */ coverage) {
  const executed = executions(coverage);
  return MUTATED.flatMap((path) =>
    readdirSync(join(folder, path, "src"), { recursive: true, encoding: "utf8" })
      .map((name) => `${path}/src/${name.replaceAll("\\", "/")}`)
      .filter((name) => name.endsWith(".ts"))
      .sort()
      .flatMap((file) => {
        const text = readFileSync(join(folder, file), "utf8");
        const times = executed(pathToFileURL(join(folder, file)).href);
        return mutantsOf(text, (offset) => times(offset) > 0).map((mutant) => ({
          ...mutant,
          path: file,
          line: text.slice(0, mutant.start).split("\n").length,
          was: text.slice(mutant.start, mutant.end),
        }));
      }),
  );
}

/** The first faults of the drawing that type-check. */
function draw(/** @type {string} */ folder, /** @type {readonly Fault[]} */ all) {
  const typeChecks = typeChecker(folder, [...new Set(all.map(({ path }) => path))]);
  /** @type {Fault[]} */
  const chosen = [];
  for (const index of drawn([...all.keys()], Number(options.seed))) {
    const fault = /** @type {Fault} */ (all[index]);
    if (typeChecks(fault.path, mutated(readFileSync(join(folder, fault.path), "utf8"), fault))) chosen.push(fault);
    if (chosen.length === Number(options.count)) break;
  }
  return chosen;
}

const oneLine = (/** @type {string} */ text) => {
  const joined = text.replaceAll(/\s+/g, " ");
  return joined.length > 60 ? `${joined.slice(0, 57)}…` : joined;
};

async function main(/** @type {string} */ folder) {
  const copies = Array.from({ length: Number(options.jobs) }, (_, i) => join(folder, String(i)));
  for (const copy of copies) copyOfPackages(copy);
  const [first = ""] = copies;
  const coverage = join(folder, "coverage");
  const clean = await runKit(first, 3_600_000, { NODE_V8_COVERAGE: coverage });
  if (clean.status !== 0) throw new Error(`Without a fault the kit fails already: ${clean.said}`);
  const { seconds: cleanSeconds, said } = await runKit(first, 3_600_000);
  const all = candidates(first, coverage);
  const faults = draw(first, all);
  console.log(
    `${said} without a fault, in ${cleanSeconds.toFixed(0)} s; ${faults.length} of ${all.length} faults, seed ${options.seed}`,
  );

  const left = [...faults.entries()];
  /** @type {(Fault & { caught: boolean, how: string, seconds: number })[]} */
  const results = [];
  const work = async (/** @type {string} */ copy) => {
    for (let next = left.shift(); next !== undefined && !stopped; next = left.shift()) {
      const [i, fault] = next;
      const original = readFileSync(join(copy, fault.path), "utf8");
      writeFileSync(join(copy, fault.path), mutated(original, fault));
      const { status, seconds, said } = await runKit(copy, Math.round(PATIENCE * 1000 * Math.max(cleanSeconds, 15)));
      writeFileSync(join(copy, fault.path), original);
      if (stopped) return;
      const how = status === "SIGKILL" ? "it does not end" : status === 0 ? "" : said;
      results[i] = { ...fault, caught: status !== 0, how, seconds };
      const outcome = status === 0 ? "SURVIVES" : how;
      console.log(
        `${String(i + 1).padStart(3)} ${fault.path}:${fault.line} ${fault.kind}: ${oneLine(fault.was)} → ${oneLine(fault.text)}\n      ${outcome}`,
      );
    }
  };
  await Promise.all(copies.map(work));
  if (stopped) return 130;
  const caught = results.filter((result) => result.caught).length;
  if (options.json !== undefined)
    writeFileSync(
      options.json,
      `${JSON.stringify({ node: process.version, seed: options.seed, places: all.length, caught, results }, null, 2)}\n`,
    );
  console.log(`${caught} of ${results.length} faults are caught`);
  return 0;
}

process.once("SIGINT", () => {
  stopped = true;
  for (const child of running) child.kill("SIGKILL");
});
const folder = mkdtempSync(join(tmpdir(), "tenon-mutants-"));
try {
  process.exitCode = await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Shows whether the conformance kit bites: faults are drawn by seed from mechanical mutations of what cpu-js is made of, and
 * each should make the kit's quick profile fail. `npm run test:mutations -- [--seed N] [--count N] [--jobs N] [--deep] [--json FILE]`
 *
 * Only copies of the packages are changed. A place may be drawn where the kit, run once without a fault, executes it, and
 * where the mutated file still type-checks. A mutation of what generates code is no fault where every byte that is generated
 * stays what it was (trivial compiler equivalence: Papadakis, Jia, Harman & Le Traon 2015); another one is drawn for it.
 * With `--deep` the full profile tries what survives, from another seed: what it catches the quick one has missed, what it does not
 * is likely to be right in another way. Whoever reads the record decides.
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
/** What works while programs run, and not while they are made: here a fault need not show in the code. */
const RUNTIME = /(backend|executable|memory|engine|compile-module|index)\.ts$/;
/** A mutant may take so many times what the kit takes without one. */
const PATIENCE = 10;
const HEAP_MB = 3072;
const LONG_MS = 3_600_000;
const GOLDEN = 0x9e3779b9; // 2^32 over the golden ratio

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "60" },
    jobs: { type: "string", default: "2" },
    deep: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

/** The packages' sources in a folder of their own, where Node finds them under their names. */
function copyPackages(/** @type {string} */ from, /** @type {string} */ folder) {
  mkdirSync(join(folder, "node_modules/@tenon"), { recursive: true });
  for (const path of packagesIn("packages")) {
    cpSync(join(from, path, "src"), join(folder, path, "src"), {
      recursive: true,
      filter: (file) => !/\.(test|test-kit|long|cuda)\.ts$/.test(file),
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
 * @param {{ env?: Record<string, string>, args?: readonly string[] }} how
 * @returns {Promise<{ status: number | string, seconds: number, said: string, code: string | undefined }>}
 */
function runKit(folder, timeout, { env = {}, args = [] } = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, join(folder, KIT), ...args], {
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
      const telling = lines.find((line) => / · |Error|passed/.test(line)) ?? lines[0] ?? "";
      const code = lines.find((line) => line.startsWith("code "));
      resolve({ status: status ?? signal ?? 1, seconds, said: telling.trim().slice(0, 200), code });
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

/** The faults of the drawing that type-check, in its order. */
function* faultsDrawn(/** @type {string} */ folder, /** @type {readonly Fault[]} */ all) {
  const typeChecks = typeChecker(folder, [...new Set(all.map(({ path }) => path))]);
  const texts = new Map(all.map(({ path }) => [path, readFileSync(join(folder, path), "utf8")]));
  for (const index of drawn([...all.keys()], Number(options.seed))) {
    const fault = /** @type {Fault} */ (all[index]);
    if (typeChecks(fault.path, mutated(/** @type {string} */ (texts.get(fault.path)), fault))) yield fault;
  }
}

const oneLine = (/** @type {string} */ text) => {
  const joined = text.replaceAll(/\s+/g, " ");
  return joined.length > 60 ? `${joined.slice(0, 57)}…` : joined;
};

async function main(/** @type {string} */ folder) {
  const copies = Array.from({ length: Number(options.jobs) }, (_, i) => join(folder, String(i)));
  const first = join(folder, "first"); // stays as it is, whatever happens to the workspace meanwhile
  copyPackages(root, first);
  for (const copy of copies) copyPackages(first, copy);
  const coverage = join(folder, "coverage");
  const clean = await runKit(first, LONG_MS, { env: { NODE_V8_COVERAGE: coverage } });
  if (clean.status !== 0) throw new Error(`Without a fault the kit fails already: ${clean.said}`);
  const plain = await runKit(first, LONG_MS);
  const all = candidates(first, coverage);
  const wanted = Number(options.count);
  console.log(
    `${plain.said} without a fault, in ${plain.seconds.toFixed(0)} s; ${all.length} faults, seed ${options.seed}`,
  );
  if (clean.code !== plain.code) throw new Error("The kit compiles other code in every run.");

  /** @typedef {Fault & { outcome: "caught" | "missed" | "survives" | "no effect", how: string, seconds: number }} Result */
  /** @type {Result[]} */
  const results = [];
  const source = faultsDrawn(first, all);
  let taken = 0;
  const faultsSoFar = () => results.filter((result) => result !== undefined && result.outcome !== "no effect").length;
  const work = async (/** @type {string} */ copy) => {
    while (!stopped && faultsSoFar() < wanted) {
      const { value: fault, done } = source.next();
      if (done || fault === undefined) return;
      const number = taken++;
      const original = readFileSync(join(copy, fault.path), "utf8");
      writeFileSync(join(copy, fault.path), mutated(original, fault));
      const { status, seconds, said, code } = await runKit(
        copy,
        Math.round(PATIENCE * 1000 * Math.max(plain.seconds, 15)),
      );
      const same = code === plain.code && !RUNTIME.test(fault.path);
      let [outcome, how] =
        status !== 0
          ? ["caught", status === "SIGKILL" ? "it does not end" : said]
          : [same ? "no effect" : "survives", ""];
      if (outcome === "survives" && options.deep && !stopped) {
        const again = await runKit(copy, LONG_MS, { args: ["--deep"] });
        if (again.status !== 0) [outcome, how] = ["missed", again.said];
      }
      writeFileSync(join(copy, fault.path), original);
      if (stopped) return;
      results[number] = { ...fault, outcome: /** @type {Result["outcome"]} */ (outcome), how, seconds };
      console.log(
        `${String(number + 1).padStart(3)} ${fault.path}:${fault.line} ${fault.kind}: ${oneLine(fault.was)} → ${oneLine(fault.text)}\n      ${outcome.toUpperCase()} ${how}`,
      );
    }
  };
  await Promise.all(copies.map(work));
  if (stopped) return 130;
  // Two jobs may end with one fault too many; the drawing counts, not which of them was quicker.
  let faults = 0;
  const drawnResults = results.filter(({ outcome }) => faults < wanted && (outcome === "no effect" || ++faults > 0));
  const count = (/** @type {string} */ outcome) => drawnResults.filter((result) => result.outcome === outcome).length;
  if (options.json !== undefined)
    writeFileSync(
      options.json,
      `${JSON.stringify({ node: process.version, seed: options.seed, places: all.length, results: drawnResults }, null, 2)}\n`,
    );
  console.log(
    `${count("caught")} of ${faults} faults are caught, ${count("missed") + count("survives")} survive, ${count("missed")} of them until the full profile; ${count("no effect")} more mutations change no code`,
  );
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

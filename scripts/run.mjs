/**
 * The workspace's commands, for a machine that has Node 20.20, npm and git: `node scripts/run.mjs COMMAND arguments…`.
 *
 * Each installs what is missing and builds what changed, then starts a program on the workspace's own Node.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, ensureBuilt } from "./build.mjs";
import { runNode, tool } from "./child.mjs";
import { ensureInstalled } from "./install.mjs";
import { native } from "./native.mjs";
import { nearest } from "./nearest.mjs";
import { test, testCuda, vitest } from "./test.mjs";
import { packagesIn, root } from "./workspace.mjs";

/** Starts a program of the workspace against the built packages, or serves the folder of a page. */
async function program(/** @type {string} */ path, /** @type {readonly string[]} */ args) {
  await ensureBuilt();
  return runNode([...(path.endsWith(".ts") ? [] : [tool("vite")]), path, ...args]);
}

/** Starts the program called `name`, or says which ones exist. */
async function named(
  /** @type {string} */ kind,
  /** @type {Map<string, string>} */ programs,
  /** @type {readonly string[]} */ [name, ...args],
) {
  const path = programs.get(name ?? "");
  if (path !== undefined) return program(path, args);
  const names = [...programs.keys()];
  const guess = name === undefined ? undefined : nearest(name, names);
  console.error(name === undefined ? `Which ${kind}?` : `There is no ${kind} "${name}".`);
  if (guess !== undefined) console.error(`  did you mean ${guess}?`);
  console.error(`  there ${names.length === 1 ? "is" : "are"}: ${names.join(", ") || "none yet"}`);
  return 1;
}

function examples() {
  const having = (/** @type {string} */ file) =>
    packagesIn("examples").filter((folder) => existsSync(join(root, folder, file)));
  const paths = [...having("main.ts").map((folder) => `${folder}/main.ts`), ...having("index.html")];
  return new Map(paths.map((path) => [path.split("/")[1] ?? "", path]));
}

function benchmarks() {
  const files = readdirSync(join(root, "benchmarks")).filter((file) => file.endsWith(".ts"));
  return new Map(files.map((file) => [file.slice(0, -".ts".length), `benchmarks/${file}`]));
}

/** @type {Record<string, (args: readonly string[]) => Promise<number>>} */
const commands = {
  start: (args) => program("examples/mnist/main.ts", args),
  example: (args) => named("example", examples(), args),
  seeds: async (args) => {
    await ensureBuilt();
    return runNode(["scripts/seeds.mjs", ...args]);
  },
  "bench:cuda": (args) => program("benchmarks/cuda.ts", args),
  bench: (args) => named("benchmark", benchmarks(), args),
  build,
  "build:native": native,
  typecheck: (args) => runNode([tool("typescript", "tsc"), "-p", "tsconfig.json", ...args]),
  lint: (args) =>
    runNode([tool("@biomejs/biome", "biome"), "check", ...args.map((arg) => (arg === "--fix" ? "--write" : arg))]),
  test,
  "test:long": (args) => vitest(["--mode", "long", ...args]),
  "test:cuda": testCuda,
  "test:mutations": (args) => runNode(["scripts/mutate.mjs", ...args]),
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
try {
  if (command === undefined)
    throw new Error(`There is no command "${name}". There are: ${Object.keys(commands).join(", ")}.`);
  await ensureInstalled();
  process.exitCode = await command(args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

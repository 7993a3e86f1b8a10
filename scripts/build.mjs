import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { environment, run } from "./child.mjs";
import { pnpm } from "./managers.mjs";
import { digest, isStamped, packagesIn, root, stamp, unstamp } from "./workspace.mjs";

const STAMP = "built";
const SHARED = ["tsup.preset.ts", "tsup.texts.ts", "tsconfig.base.json", "turbo.json", "pnpm-lock.yaml"];

/** Name, size and time of every file that a build reads: enough to know that nothing changed since the last one. */
export function buildInputs() {
  const files = [...SHARED];
  for (const folder of packagesIn("packages")) {
    for (const name of ["package.json", "tsup.config.ts", "tsconfig.json"]) files.push(`${folder}/${name}`);
    if (!existsSync(join(root, folder, "src"))) continue;
    for (const entry of readdirSync(join(root, folder, "src"), { recursive: true }))
      files.push(`${folder}/src/${entry}`);
  }
  const states = files
    .filter((file) => !/\.(test|test-kit|long|cuda)\.ts$/.test(file) && existsSync(join(root, file)))
    .sort()
    .map((file) => ({ file, stat: statSync(join(root, file)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ file, stat }) => `${file} ${stat.size} ${stat.mtimeMs}`);
  return digest(states);
}

/** Builds every package that changed, in the order of their dependencies. Options are those of turbo. */
export async function build(/** @type {readonly string[]} */ options = []) {
  const { file, args, shell } = pnpm(["exec", "turbo", "run", "build", ...options]);
  return run(file, args, { shell, env: environment() });
}

/** Builds, unless no file of any package changed since the last time. */
export async function ensureBuilt() {
  const inputs = buildInputs(); // as of now: a file that changes meanwhile is for the next build
  const present = packagesIn("packages").every((folder) => existsSync(join(root, folder, "dist")));
  if (present && isStamped(STAMP, inputs)) return;
  unstamp(STAMP);
  const status = await build(["--output-logs=errors-only"]);
  if (status !== 0) throw new Error(`Building the packages failed with status ${status}.`);
  stamp(STAMP, inputs);
}

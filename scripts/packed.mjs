import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildInputs, ensureBuilt } from "./build.mjs";
import { capture, environment, tool, workspaceNode } from "./child.mjs";
import { pnpm } from "./managers.mjs";
import { cache, isStamped, manifest, packagesIn, root, stamp, unstamp } from "./workspace.mjs";

const STAMP = "packed";

/** Builds and packs every public package, unless nothing changed, and gives the paths of the tarballs. */
export async function tarballs() {
  await ensureBuilt();
  const folder = join(cache, "tarballs");
  const wanted = buildInputs();
  if (!isStamped(STAMP, wanted)) {
    unstamp(STAMP);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { file, args, shell } = pnpm(["--recursive", "--filter=./packages/*", "pack", "--pack-destination", folder]);
    const { status, output } = await capture(file, args, { shell, env: environment() });
    if (status !== 0) throw new Error(`Packing failed with status ${status}.\n${output}`);
    stamp(STAMP, wanted);
  }
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/**
 * What a tarball must satisfy: its manifest is exact, and its types are found by every way of resolving a module.
 *
 * @type {readonly (readonly [string, (tarball: string) => string[]])[]}
 */
const checks = [
  ["publint", (tarball) => [tool("publint"), "run", tarball, "--strict"]],
  [
    "are the types wrong",
    (tarball) => [tool("@arethetypeswrong/cli", "attw"), tarball, "--profile", "esm-only", "--no-emoji"],
  ],
];

/** Runs every check on every tarball and prints the failures whole. */
export async function packedChecks() {
  const counts = { passed: 0, failed: 0 };
  for (const tarball of await tarballs()) {
    const results = await Promise.all(
      checks.map(async ([name, command]) => ({
        name,
        ...(await capture(workspaceNode(), command(tarball), { cwd: root, env: environment() })),
      })),
    );
    for (const { name, status, output } of results) {
      counts[status === 0 ? "passed" : "failed"] += 1;
      console.log(`${status === 0 ? "✓" : "✗"} ${name}: ${tarball.slice(join(cache, "tarballs").length + 1)}`);
      if (status !== 0) console.log(output);
    }
  }
  await printSizes();
  return counts;
}

/** Prints what each package adds to a page that imports all of its main entry: minified, compressed, without its dependencies. */
async function printSizes() {
  const { build } = await import("esbuild"); // not there before the installation
  for (const folder of packagesIn("packages")) {
    const entry = join(root, folder, "dist/index.js");
    if (!existsSync(entry)) continue;
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      external: ["@tenon/*", "node:*"],
    });
    const kilobytes = gzipSync(outputFiles[0]?.contents ?? "").length / 1000;
    console.log(`${manifest(folder).name.padEnd(20)} ${kilobytes.toFixed(1).padStart(6)} KB min+gzip`);
  }
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { pnpm } from "./managers.mjs";
import { digest, isStamped, packagesIn, root, stamp, unstamp } from "./workspace.mjs";

const STAMP = "installed";

/** What an installation depends on: the lock file, its settings, every manifest and the platform. */
function inputs() {
  const folders = ["packages", "packages/backend-cuda-native/npm", "examples"];
  const manifests = [".", ...folders.flatMap(packagesIn), "benchmarks"];
  const files = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ".pnpmfile.mjs",
    ...manifests.map((at) => `${at}/package.json`),
  ];
  const texts = files
    .filter((file) => existsSync(join(root, file)))
    .map((file) => readFileSync(join(root, file), "utf8"));
  return digest([process.platform, process.arch, ...texts]);
}

/** Installs from the lock file, unless that was done for these very files. */
export async function ensureInstalled() {
  const wanted = inputs();
  if (isStamped(STAMP, wanted)) return;
  unstamp(STAMP);
  const { file, args, shell } = pnpm(["install", "--frozen-lockfile"]);
  const status = await run(file, args, { shell });
  if (status !== 0) throw new Error(`Installing the workspace failed with status ${status}.`);
  stamp(STAMP, wanted);
}

import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Libraries of NVIDIA's that are opened at run time, by the names that their files have, the latest first. */
export const libraryNames = {
  driver: ["libcuda.so.1", "libcuda.so"],
  compiler: ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"],
  products: ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"],
  /** Which the one of products may want. */
  runtime: ["libcudart.so.13", "libcudart.so.12", "libcudart.so"],
  attention: ["libcudnn.so.9"],
} as const;

export type LibraryKind = keyof typeof libraryNames;

/** A version by the first number of CUDA's: 13 of 13010. */
const majorOf = (driver: number): number => Math.floor(driver / 1000);

/**
 * Those for a driver first: it runs what comes with its own CUDA or an earlier one (NVIDIA, CUDA Compatibility, "Minor Version
 * Compatibility").
 */
function namesFor(kind: LibraryKind, driver: number): readonly string[] {
  const isLater = (name: string): boolean => Number(/\d*$/.exec(name)![0]) > majorOf(driver);
  return [...libraryNames[kind]].sort((a, b) => Number(isLater(a)) - Number(isLater(b)));
}

/**
 * Paths at which a library is looked for, in order: in the folders of `TENON_CUDA_LIBS`, by the loader, in a toolkit, in the
 * `nvidia` packages of a Python environment.
 *
 * @param driver The version of the driver that it is for.
 */
export function candidatesOf(
  kind: LibraryKind,
  environment: NodeJS.ProcessEnv = process.env,
  driver = Number.POSITIVE_INFINITY,
): readonly string[] {
  const names = namesFor(kind, driver);
  // of "." and a name there would be left the name alone, with which the loader looks elsewhere
  const given = (environment.TENON_CUDA_LIBS ?? "")
    .split(":")
    .flatMap((folder) => (folder === "" ? [] : resolve(folder)));
  const inFolders = (folders: readonly string[]): string[] =>
    folders.flatMap((folder) => names.map((name) => join(folder, name))).filter((path) => existsSync(path));
  return [...inFolders(given), ...names, ...inFolders(toolkits(environment)), ...inFolders(wheels(environment))];
}

/** Of a toolkit that is named, of the environment of conda that is active, of the system's. */
const toolkits = ({ CUDA_PATH, CUDA_HOME, CONDA_PREFIX }: NodeJS.ProcessEnv): readonly string[] =>
  [CUDA_PATH, CUDA_HOME, CONDA_PREFIX, "/usr/local/cuda"].flatMap((folder) =>
    folder === undefined ? [] : [join(folder, "lib64"), join(folder, "lib")],
  );

/** `site-packages/nvidia/…/lib` of the environment that is active, of the user, and of the system. */
function wheels({ VIRTUAL_ENV, CONDA_PREFIX }: NodeJS.ProcessEnv): readonly string[] {
  const roots = [VIRTUAL_ENV, CONDA_PREFIX, join(homedir(), ".local"), "/usr/local", "/usr"];
  return roots
    .flatMap((root) => (root === undefined ? [] : entries(join(root, "lib"), /^python3/)))
    .flatMap((python) => [join(python, "site-packages", "nvidia"), join(python, "dist-packages", "nvidia")])
    .flatMap((nvidia) => entries(nvidia, /^\w/))
    .map((wheel) => join(wheel, "lib"));
}

function entries(folder: string, wanted: RegExp): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => wanted.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return []; // there is no such folder
  }
}

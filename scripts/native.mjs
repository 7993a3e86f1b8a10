import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { environment } from "./child.mjs";
import { npm } from "./managers.mjs";
import { cache, digest, isStamped, root, stamp, unstamp } from "./workspace.mjs";

const folder = join(root, "packages/backend-cuda-native");
const FILE = "tenon_cuda.node";
const built = join(folder, "build/Release", FILE);

/** Compilers of other architectures than this machine's, by the names that Debian gives them. */
const compilers = { x64: "x86_64-linux-gnu-g++", arm64: "aarch64-linux-gnu-g++" };
const processors = { x64: "x86_64", arm64: "aarch64" };

/** @typedef {keyof typeof compilers} Arch */

const has = (/** @type {string} */ program) => spawnSync(program, ["--version"]).status === 0;

/** The package of an architecture, whose addon is looked for before the one in `build`. */
const packageFor = (/** @type {string} */ arch) => join(folder, `npm/linux-${arch}`);

/** Digest of the texts of all files below folders of the package, and of what else decides. */
function digestOf(/** @type {readonly string[]} */ paths, /** @type {readonly string[]} */ others = []) {
  const files = paths.flatMap((path) =>
    statSync(join(folder, path)).isFile()
      ? [path]
      : readdirSync(join(folder, path))
          .map((name) => `${path}/${name}`)
          .sort(),
  );
  return digest([...others, ...files.flatMap((path) => [path, readFileSync(join(folder, path), "utf8")])]);
}

const addonInputs = () => digestOf(["native", "CMakeLists.txt", "package.json"], [process.platform, process.arch]);

/** Why the addon cannot be built here, in a few words. */
export const whyNoCompiler = () =>
  !has("cmake") ? "cmake is not installed" : !has("g++") && !has("clang++") ? "there is no C++ compiler" : undefined;

/** Runs cmake-js, whose words are shown only where it fails. */
function compileAddon(/** @type {readonly string[]} */ options = []) {
  const { file, args, shell } = npm(["run", "build:native", "--", ...options]);
  try {
    execFileSync(file, args, { cwd: folder, shell, env: environment(), stdio: "pipe" });
  } catch (error) {
    const { stdout = "", stderr = "" } = /** @type {{ stdout?: Buffer, stderr?: Buffer }} */ (error);
    throw new Error(`Building the addon of cuda-native failed.\n${stdout}${stderr}`);
  }
}

/** Waits without the event loop, since test files need the addon while they are loaded. */
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);

/** A lock that is older belongs to a process that was killed. */
const STALE_MS = 300_000;

/** Does work of which no two processes may do it at once. */
function alone(/** @type {string} */ name, /** @type {() => void} */ work) {
  const lock = join(cache, `${name}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
      if (mtimeMs > 0 && Date.now() - mtimeMs > STALE_MS) rmSync(lock, { recursive: true, force: true });
      else pause();
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * Builds the addon, unless that was done for these sources. A package that was built before goes then, since it would be found
 * first. Gives the path of the addon.
 */
export function ensureAddon() {
  alone("addon", () => {
    const wanted = addonInputs();
    if (existsSync(built) && isStamped("addon", wanted)) return;
    unstamp("addon");
    rmSync(join(packageFor(process.arch), FILE), { force: true });
    compileAddon();
    stamp("addon", wanted);
  });
  return built;
}

/** An addon to use: built from these sources where a compiler is, else the one that was put into the package of the platform. */
export function availableAddon() {
  const why = whyNoCompiler();
  if (why === undefined) return ensureAddon();
  const found = [join(packageFor(process.arch), FILE), built].find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the addon is not built, and ${why}`);
  return found;
}

/** The same for an architecture, put into its package. */
function packageAddon(/** @type {Arch} */ arch) {
  const target = packageFor(arch);
  if (process.platform === "linux" && process.arch === arch) {
    copyFileSync(ensureAddon(), join(target, FILE));
  } else {
    const out = join(cache, `addon-${arch}`);
    const cross = [
      ...["--out", out, "--arch", arch, "--CDCMAKE_SYSTEM_NAME=Linux"],
      ...[`--CDCMAKE_SYSTEM_PROCESSOR=${processors[arch]}`, `--CDCMAKE_CXX_COMPILER=${compilers[arch]}`],
    ];
    compileAddon(cross);
    copyFileSync(join(out, "Release", FILE), join(target, FILE));
  }
  return join(target, FILE);
}

/** `npm run build:native`: the addon in `build`, or with `--package` in the package of `--arch`. */
export async function native(/** @type {readonly string[]} */ args) {
  const { values } = parseArgs({
    args: [...args],
    options: { package: { type: "boolean", default: false }, arch: { type: "string" } },
  });
  const { arch = process.arch } = values;
  if (!(arch in compilers))
    throw new Error(`There is no package for ${arch}; there are: ${Object.keys(compilers).join(", ")}.`);
  if (values.arch !== undefined && !values.package) throw new Error("--arch is for --package.");
  console.log(values.package ? packageAddon(/** @type {Arch} */ (arch)) : ensureAddon());
  return 0;
}

/**
 * A driver and libraries that stand in for NVIDIA's, by the names that the backend looks for, in a folder of their own; beside them
 * `runner`, which runs single kernels.
 */
export function emulatedLibraries() {
  // in this order: what the last two compute is enqueued on the driver's streams
  const libraries = {
    ...{ driver: "libcuda.so.1", compiler: "libnvrtc.so.13", builtins: "libnvrtc-builtins.so.13.0" },
    ...{ cublaslt: "libcublasLt.so.13", cudnn: "libcudnn_graph.so.9" },
  };
  const target = join(cache, `emulated-${digestOf(["emulation"]).slice(0, 16)}`);
  alone("emulated", () => {
    if (existsSync(target)) return;
    const part = `${target}.${process.pid}`;
    mkdirSync(part, { recursive: true });
    for (const [source, name] of Object.entries(libraries)) {
      const flags = ["-std=c++20", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-I", join(folder, "emulation")];
      const made = ["-o", join(part, name), `-Wl,-soname,${name}`, join(folder, `emulation/${source}.cpp`), "-ldl"];
      const isBeside = source === "cublaslt" || source === "cudnn";
      const beside = isBeside ? [join(part, libraries.driver), "-Wl,-rpath,$ORIGIN"] : [];
      execFileSync("g++", [...flags, ...made, ...beside], { stdio: "pipe" });
    }
    symlinkSync(libraries.cudnn, join(part, "libcudnn.so.9")); // which passes calls on to that of graphs
    // kernels in libraries find what runs them among its symbols
    const runner = ["-std=c++20", "-O1", "-rdynamic", join(folder, "emulation/runner.cpp"), "-ldl"];
    execFileSync("g++", [...runner, "-o", join(part, "runner")], { stdio: "pipe" });
    renameSync(part, target);
  });
  return target;
}

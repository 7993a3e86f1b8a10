import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { buildInputs, ensureBuilt } from "./build.mjs";
import { capture, environment, tool, workspaceNode } from "./child.mjs";
import { pnpm } from "./managers.mjs";
import { cache, isStamped, manifest, packagesIn, root, stamp, unstamp } from "./workspace.mjs";

const STAMP = "packed";

/**
 * What each package may add to a page that imports all of its main entry, in kilobytes, minified and compressed.
 *
 * @type {Readonly<Record<string, number>>}
 */
const budgets = {
  "@tenon/autograd": 8,
  "@tenon/backend": 5,
  "@tenon/backend-cpu-js": 21,
  "@tenon/backend-cuda-native": 36,
  "@tenon/backend-webgpu": 18,
  "@tenon/conformance": 29,
  "@tenon/datasets": 40,
  "@tenon/interpreter": 4,
  "@tenon/layers": 32,
  "@tenon/lowering": 30,
  "@tenon/ir": 59,
  "@tenon/losses": 3,
  "@tenon/metrics": 6,
  "@tenon/optimizers": 7,
  "@tenon/safetensors": 4,
  "@tenon/tensor": 17,
  "@tenon/train": 14,
  "@tenon/tree": 2,
  tenon: 1,
};

/**
 * The same for a program that trains, by its backend: the network of the main job, two steps of different batches. Whatever is
 * loaded until the second step has ended counts, be it at the start or by an import that comes later.
 *
 * @type {Readonly<Record<string, number>>}
 */
const programBudgets = { "@tenon/interpreter": 47, "@tenon/backend-cpu-js": 82 };
const pageBudget = 98.5; // of examples/browser-min, which has data set, layers, optimizer and webgpu in it; an adapter that is software loads more
const program = `
import { compile, matmul, relu, softmaxCrossEntropy, spec, tensor, valueAndGrad, variable, zeros } from "@tenon/tensor";
const layers = [[784, 256], [256, 256], [256, 10]].map(([n, m]) => ({ weight: variable(zeros([n, m])), bias: variable(zeros([m])) }));
const logits = (x) => layers.reduce((h, { weight, bias }, i) => matmul(i ? relu(h) : h, weight.value).add(bias.value), x);
const step = compile((x, y) => {
  const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logits(x), y).mean(), layers);
  layers.forEach(({ weight, bias }, i) => {
    weight.assign(weight.value.sub(grads[i].weight.mul(0.1)));
    bias.assign(bias.value.sub(grads[i].bias.mul(0.1)));
  });
  return loss;
}, { inputs: [spec(["B", 784]), spec(["B"], "int32")] });
for (const n of [128, 96])
  console.log(await (await step(tensor(new Float32Array(n * 784), { shape: [n, 784] }), tensor(new Int32Array(n)))).item());
`;

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
  for (const { name, kilobytes, budget } of await sizes()) {
    const fits = kilobytes <= budget;
    counts[fits ? "passed" : "failed"] += 1;
    console.log(
      `${fits ? "✓" : "✗"} size: ${name.padEnd(24)} ${kilobytes.toFixed(1).padStart(6)} of ${budget} KB min+gzip`,
    );
  }
  return counts;
}

/**
 * File names of what a program loads when it starts. What is imported when it is wanted, such as the writer of files, comes later.
 *
 * @param {import("esbuild").Metafile["outputs"]} outputs
 * @param {string} entry
 */
function loadedAtFirst(outputs, entry) {
  const begins = (/** @type {string | undefined} */ file) =>
    file === entry || (file !== undefined && resolve(file) === entry);
  const found = new Set(Object.keys(outputs).filter((path) => begins(outputs[path]?.entryPoint)));
  for (const path of found)
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind !== "dynamic-import") found.add(next);
  return new Set([...found].map((path) => basename(path)));
}

/**
 * The files of a bundle that its program has loaded when it ends. Each says so where it is run.
 *
 * @param {readonly import("esbuild").OutputFile[]} files
 * @returns {Promise<ReadonlySet<string>>}
 */
async function loadedWhenRun(files) {
  const folder = mkdtempSync(join(tmpdir(), "tenon-bundle-"));
  try {
    for (const { path, text } of files) {
      const name = basename(path);
      writeFileSync(join(folder, name.replace(/\.js$/, ".mjs")), `console.log("loaded ${name}");${withMjs(text)}`);
    }
    const { status, output } = await capture(workspaceNode(), [join(folder, "stdin.mjs")], { env: environment() });
    if (status !== 0) throw new Error(`The bundled program failed.\n${output}`);
    return new Set([...output.matchAll(/^loaded (.+)$/gm)].map(([, name]) => /** @type {string} */ (name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names of chunks as Node wants them for modules. */
const withMjs = (/** @type {string} */ text) => text.replaceAll(/("\.\/[\w-]+)\.js"/g, '$1.mjs"');

/** Sizes of the built packages, each without its dependencies, and of the program with all of them. */
async function sizes() {
  const { build } = await import("esbuild"); // not there before the installation
  /**
   * @param {import("esbuild").BuildOptions} options
   * @param {boolean} run Whether what is loaded is found by running the bundle, and not by reading it.
   */
  const sizeOf = async (options, run = false) => {
    const tsconfigRaw = {}; // the workspace's would lead to sources, not to what is published
    const { outputFiles, metafile } = await build({
      ...{ bundle: true, minify: true, write: false, format: "esm", tsconfigRaw },
      ...{ splitting: true, outdir: "out", metafile: true },
      ...options,
    });
    const [entry = "<stdin>"] = /** @type {string[]} */ (options.entryPoints ?? []);
    const all = outputFiles ?? [];
    const loaded = run ? await loadedWhenRun(all) : loadedAtFirst(metafile?.outputs ?? {}, entry);
    const files = all.filter(({ path }) => loaded.has(basename(path)));
    return gzipSync(Buffer.concat(files.map(({ contents }) => contents))).length / 1000;
  };
  const found = [];
  for (const folder of packagesIn("packages")) {
    const entry = join(root, folder, "dist/index.js");
    if (!existsSync(entry)) continue;
    const { name } = manifest(folder);
    const kilobytes = await sizeOf({ entryPoints: [entry], external: ["@tenon/*", "node:*"] });
    found.push({ name, kilobytes, budget: budgets[name] ?? 0 });
  }
  for (const [backend, budget] of Object.entries(programBudgets)) {
    const stdin = { contents: `import "${backend}";${program}`, resolveDir: join(root, "examples/mnist") };
    const kilobytes = await sizeOf({ stdin, platform: "browser" }, true);
    found.push({ name: `training by ${backend.slice("@tenon/".length)}`, kilobytes, budget });
  }
  const page = {
    entryPoints: [join(root, "examples/browser-min/page.ts")],
    platform: /** @type {const} */ ("browser"),
  };
  found.push({ name: "examples/browser-min", kilobytes: await sizeOf(page), budget: pageBudget });
  return found;
}

/**
 * What the first step of the main job costs on cpu-js, in processes that have done nothing before: from the call to the loss,
 * and the parts of it. Medians over processes. `npm run bench -- first-step [--processes N] [--json]`
 */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpuJs } from "@tenon/backend-cpu-js";
import { kernelsOf, launchesOf, loadParts, lower, programOf } from "@tenon/lowering";
import { setBackend, tensor } from "@tenon/tensor";
import { adam, makeNetwork, makeStep } from "./main-job/network.ts";

const BATCH = 128;
const { values: options } = parseArgs({
  options: {
    processes: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
    measure: { type: "string" }, // what a process that we start is for
  },
});

type Figures = Readonly<Record<string, number>>;

/** What the engine takes to compile modules from now on, in milliseconds and bytes. */
function watchEngine(): { milliseconds: number; bytes: number } {
  const { WebAssembly: engine } = globalThis as unknown as {
    WebAssembly: { Module: new (bytes: Uint8Array) => object };
  };
  const spent = { milliseconds: 0, bytes: 0 };
  const { Module } = engine;
  engine.Module = new Proxy(Module, {
    construct(target, [bytes]: [Uint8Array]) {
      const started = performance.now();
      const module = new target(bytes);
      spent.milliseconds += performance.now() - started;
      spent.bytes += bytes.byteLength;
      return module;
    },
  });
  return spent;
}

const makeOurs = () => {
  const network = makeNetwork(0);
  return makeStep(network, adam(network));
};

/** From the call to the loss. */
async function whole(): Promise<Figures> {
  await setBackend(cpuJs());
  const step = makeOurs();
  const images = tensor(new Uint8Array(BATCH * 784).fill(77), { shape: [BATCH, 784] });
  const labels = tensor(new Int32Array(BATCH));
  const started = performance.now();
  await (await step(images, labels)).item();
  return { "the first step, ms": performance.now() - started };
}

/** Its parts, one after another. */
async function parts(): Promise<Figures> {
  const engine = watchEngine();
  const backend = await cpuJs().create();
  const step = makeOurs();
  await loadParts();
  const times = [performance.now()];
  const module = step.trace();
  const [entry] = module.entries.keys();
  times.push(performance.now());
  const templates = new Set(["dot"]); // those that cpu-js has
  lower(module, entry!, { templates });
  times.push(performance.now());
  lower(module, entry!, { templates });
  times.push(performance.now());
  const executable = await backend.compile(module, entry!);
  times.push(performance.now());
  const [traced, lowered, again, compiled] = times.slice(1).map((time, i) => time - times[i]!) as [
    number,
    number,
    number,
    number,
  ];
  return {
    "  traced, differentiated and verified, ms": traced,
    "  lowered to kernels, ms": lowered,
    "  planned and rendered, ms": compiled - again - engine.milliseconds,
    "  compiled by the engine, ms": engine.milliseconds,
    kernels: kernelsOf(executable).length,
    "launches of a step": launchesOf(programOf(executable)!.items),
    "WebAssembly, KB": engine.bytes / 1000,
  };
}

const measures: Readonly<Record<string, () => Promise<Figures>>> = { whole, parts };

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

/** Medians of what fresh processes find. */
function medians(measure: string): Figures {
  const found = Array.from({ length: Number(options.processes) }, (): Figures => {
    const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--measure", measure], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    return JSON.parse(stdout) as Figures;
  });
  return Object.fromEntries(Object.keys(found[0]!).map((what) => [what, median(found.map((one) => one[what]!))]));
}

if (options.measure !== undefined) console.log(JSON.stringify(await measures[options.measure]!()));
else {
  const results = { ...medians("whole"), ...medians("parts") };
  for (const [what, value] of Object.entries(results)) console.log(`${what.padEnd(52)}${value.toFixed(1)}`);
  if (options.json)
    await writeFile(
      new URL("first-step.json", import.meta.url),
      `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
    );
}

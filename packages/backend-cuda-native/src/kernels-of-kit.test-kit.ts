import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type BackendFactory, checkModule } from "@tenon/backend";
import { type ConformanceOptions, conformance } from "@tenon/conformance";
import { lower, withIndexScope, withParts } from "@tenon/lowering";
import { cpuJs } from "../../backend-cpu-js/src/backend.ts";
import { capabilities, MAX_THREADS, SHARED_BYTES } from "./capabilities.ts";
import { type KernelSource, programText } from "./cuda/source.ts";
import { deviceKernels } from "./device-kernels.ts";
import { claims } from "./kernels/claims.ts";
import { sourceOf, templates } from "./kernels.ts";

/** What a device would be that runs them. */
const facts = {
  name: "emulated",
  major: 9,
  minor: 0,
  multiprocessors: 4,
  sharedBytes: SHARED_BYTES,
  totalBytes: 2 ** 32,
};

/** Most translation units that kernels are divided into. */
const MOST_UNITS = 40;

/**
 * Every kernel that the conformance kit makes here, once, by its symbol. The kit itself runs on another backend meanwhile,
 * with this one's capabilities.
 */
export async function kernelsOfKit(options: ConformanceOptions): Promise<readonly KernelSource[]> {
  const found = new Map<string, KernelSource>();
  const add = (source: KernelSource): void => void found.set(source.symbol, source);
  for (const dtype of ["uint8", "uint16", "uint32", "float64"] as const) add(deviceKernels.copy(dtype));
  add(deviceKernels.choose);
  add(deviceKernels.proceed);
  const caps = capabilities(facts, 13_000);
  const inner = cpuJs();
  const factory: BackendFactory = {
    ...inner,
    async create() {
      const backend = await inner.create({});
      const compile: typeof backend.compile = async (module, entry, given = {}) => {
        checkModule(caps, module, entry);
        const program = await withParts(() =>
          withIndexScope(() => lower(module, entry, { templates, claims, fusion: given.fusion !== "off" })),
        );
        const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major: facts.major };
        for (const kernel of program.kernels) add(await withParts(() => sourceOf(kernel, limits)));
        return backend.compile(module, entry, given);
      };
      return new Proxy(backend, {
        get(target, name) {
          if (name === "caps") return caps;
          if (name === "compile") return compile;
          if (name === "claims") return undefined;
          const value = Reflect.get(target, name) as unknown;
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
  await conformance(factory, options);
  return [...found.values()];
}

/** The kernels in translation units of about the same length. */
export function unitsOf(sources: readonly KernelSource[]): readonly (readonly KernelSource[])[] {
  const count = Math.min(MOST_UNITS, sources.length);
  const units: KernelSource[][] = Array.from({ length: count }, () => []);
  for (const [i, source] of [...sources].sort((a, b) => b.text.length - a.text.length).entries())
    units[i % count]!.push(source);
  return units;
}

/** Runs a program; rejects with what it printed where it fails. */
function ran(file: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve() : reject(new Error(text.slice(0, 4000)))));
  });
}

/** Compiles every unit by `command`, as many at once as there are processors. */
export async function compileUnits(
  units: readonly (readonly KernelSource[])[],
  folder: string,
  suffix: string,
  command: (source: string, target: string) => readonly [string, ...string[]],
): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const targets = units.map((_, i) => join(folder, `unit${i}`));
  const left = [...units.keys()];
  const work = async (): Promise<void> => {
    for (let i = left.shift(); i !== undefined; i = left.shift()) {
      const source = `${targets[i]}.${suffix}`;
      writeFileSync(source, programText(units[i]!));
      const [file, ...args] = command(source, targets[i]!);
      await ran(file, args);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return targets;
}

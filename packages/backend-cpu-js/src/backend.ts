import { ABI, type BackendFactory, type Capabilities, type DTypeUsage, registerBackend } from "@tenon/backend";
import {
  BackendError,
  checkOptions,
  type DType,
  IR_VERSION,
  MAX_ELEMENTS,
  MAX_RANK,
  OptionError,
  opsetVersion,
  standardOpsets,
} from "@tenon/ir";
import { backendFrom, type KernelBackend } from "@tenon/lowering";
import { type Features, features } from "./assembler/features.ts";
import { type LoadedProgram, loadProgram, runProgram, unloadProgram } from "./executable.ts";
import { claims } from "./kernels/claimed.ts";
import { kernelWriter, scratchBytes, templates } from "./kernels.ts";
import { ALIGN, type Block, GUARD, Memory } from "./memory.ts";
import { rare } from "./parts.ts";
import { stepModule } from "./step.ts";
import type { MemoryDebug } from "./watched-memory.ts";

const simdLevels = ["auto", "portable", "relaxed"] as const;

export interface CpuJsOptions {
  /**
   * Which vector instructions kernels are made of. `portable` gives the same bits on every machine; `relaxed` is faster, with
   * fused multiply-adds whose last bit is the processor's affair; `auto` is the faster one that the engine has.
   */
  readonly simd?: (typeof simdLevels)[number];
  /** Whether composites that have a kernel of their own are computed by it, by default; without, all are decomposed, to compare. */
  readonly claims?: boolean;
  readonly debug?: MemoryDebug;
}

/** The largest buffer: what every engine can view as one array. */
const MAX_BUFFER_BYTES = 2 ** 31 - 1;

const usages: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
const dtypes: readonly DType[] = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32"] as const),
  ...(["float16", "bfloat16", "float32", "float64"] as const),
];

const capabilities = (relaxed: boolean): Capabilities => ({
  abi: ABI,
  ir: [[1, 0], IR_VERSION],
  opsets: Object.fromEntries(standardOpsets.map((name) => [name, opsetVersion(name)!])),
  dtypes: Object.fromEntries(dtypes.map((dtype) => [dtype, usages])),
  level: "ieee",
  limits: { rank: MAX_RANK, elements: MAX_ELEMENTS, maxBufferBytes: MAX_BUFFER_BYTES },
  memory: { plan: "range", align: ALIGN },
  features: ["sync-read", "unbounded-while"],
  device: { vendor: "tenon", name: "cpu-js", fingerprint: relaxed ? "wasm-relaxed-simd" : "wasm-simd128" },
});

/** The processor, by WebAssembly that is written for each program. Everything is computed before `run` returns. */
function processor(
  relaxed: boolean,
  claiming: boolean | undefined,
  memory: Memory,
): KernelBackend<Block, LoadedProgram> {
  /** Temporaries of whichever program runs, in as much memory as any has wanted. */
  let arena: Block | undefined;
  let programs = 0;
  const dropArena = (): void => {
    if (arena !== undefined) memory.free(arena);
    arena = undefined;
  };
  const arenaOf = (bytes: number): Block => {
    if (arena === undefined || arena.bytes < bytes) {
      dropArena();
      arena = memory.alloc(bytes);
    }
    return arena;
  };
  return {
    id: "cpu-js",
    caps: capabilities(relaxed),
    target: { templates },
    ...(claiming !== false && { claims }),
    planning: { align: ALIGN, guard: GUARD, scratchBytes: (kernel) => scratchBytes(kernel, { relaxed }) },
    maxBufferBytes: MAX_BUFFER_BYTES,
    alloc: (bytes) => memory.alloc(bytes),
    free: (block) => memory.free(block),
    copy: (from, to) => void memory.bytes.copyWithin(to.address, from.address, from.address + from.bytes),
    write: (to, data, at) => memory.bytes.set(data, to.address + at),
    read: (from, at, bytes) => memory.bytes.slice(from.address + at, from.address + at + bytes),
    async load(program, plan) {
      const bytes = stepModule(program, plan, (m) => kernelWriter(m, { relaxed }));
      const loaded = await loadProgram(memory, program, plan, bytes);
      programs++;
      return loaded;
    },
    run(loaded, layout, outside, dims) {
      const temporaries = arenaOf(layout.arenaBytes);
      memory.begin(temporaries);
      runProgram(memory, loaded, layout, temporaries, outside, dims);
      memory.end(loaded.program.signature.entry);
    },
    unload(loaded) {
      unloadProgram(memory, loaded);
      if (--programs === 0) dropArena();
    },
    sync: async () => {},
    close: dropArena,
  };
}

/** Why there can be no such backend here; null where there can. */
function whyNot({ simd }: CpuJsOptions, has: Features): string | null {
  if (!has.simd) return "this engine has no WebAssembly with vectors of 128 bits";
  return simd === "relaxed" && !has.relaxed ? "this engine has no relaxed vector instructions" : null;
}

function checked(options: unknown): CpuJsOptions {
  checkOptions("cpu-js", options, ["simd", "claims", "debug"]);
  const { simd = "auto", debug } = options as CpuJsOptions;
  if (debug !== undefined) checkOptions("cpu-js", debug, ["poison", "sentinels"]);
  if (!simdLevels.includes(simd))
    throw new OptionError("E803", "cpu-js", `simd is ${JSON.stringify(simd)}`, {
      fix: `it is one of ${simdLevels.join(", ")}`,
    });
  return { ...(options as CpuJsOptions), simd };
}

/** The backend with options, wherever the name of one may stand. */
export function cpuJs(options: CpuJsOptions = {}): BackendFactory {
  return {
    id: "cpu-js",
    abi: ABI,
    async create(given: unknown = options) {
      const chosen = checked(given);
      const has = features();
      const problem = whyNot(chosen, has);
      if (problem !== null) throw new BackendError("E505", "cpu-js", problem, { fix: "use another engine or backend" });
      const relaxed = chosen.simd !== "portable" && has.relaxed;
      const { claims: claiming, debug } = chosen;
      if (debug !== undefined) await rare.load();
      const memory = debug === undefined ? new Memory() : new rare.now.WatchedMemory(debug);
      return backendFrom(processor(relaxed, claiming, memory));
    },
    whyNot: async () => whyNot(checked(options), features()),
  };
}

registerBackend(cpuJs());

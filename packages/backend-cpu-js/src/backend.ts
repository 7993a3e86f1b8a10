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
import { backendFrom, type KernelBackend, type MemoryLayout, type StepMemory, type StepProgram } from "@tenon/lowering";
import { type Features, features } from "./assembler/features.ts";
import { type LoadedProgram, loadProgram, runProgram, unloadProgram } from "./executable.ts";
import { kernelWriter, scratchBytes, templates } from "./kernels.ts";
import { ALIGN, type Block, GUARD, Memory, type MemoryDebug } from "./memory.ts";
import { loadNeeds } from "./needs.ts";
import { stepModule } from "./step.ts";

const simdLevels = ["auto", "portable", "relaxed"] as const;

export interface CpuJsOptions {
  /**
   * Which vector instructions kernels are made of. `portable` gives the same bits on every machine; `relaxed` is faster, with
   * fused multiply-adds whose last bit is the processor's affair; `auto` is the faster one that the engine has.
   */
  readonly simd?: (typeof simdLevels)[number];
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
class CpuJs implements KernelBackend<Block, LoadedProgram> {
  readonly id = "cpu-js";
  readonly caps: Capabilities;
  readonly target = { templates };
  readonly planning: KernelBackend<Block, LoadedProgram>["planning"];
  readonly maxBufferBytes = MAX_BUFFER_BYTES;
  readonly #memory: Memory;
  readonly #debug: MemoryDebug;
  readonly #relaxed: boolean;
  /** Temporaries of whichever program runs. */
  #arena: Block | undefined;
  #programs = 0;

  constructor(relaxed: boolean, debug: MemoryDebug) {
    this.caps = capabilities(relaxed);
    this.planning = { align: ALIGN, guard: GUARD, scratchBytes: (kernel) => scratchBytes(kernel, { relaxed }) };
    this.#relaxed = relaxed;
    this.#debug = debug;
    this.#memory = new Memory(debug);
  }

  alloc(bytes: number): Block {
    return this.#memory.alloc(bytes);
  }

  free(block: Block): void {
    this.#memory.free(block);
  }

  copy(from: Block, to: Block): void {
    this.#memory.bytes.copyWithin(to.address, from.address, from.address + from.bytes);
  }

  write(to: Block, data: Uint8Array, at: number): void {
    this.#memory.bytes.set(data, to.address + at);
  }

  read(from: Block, at: number, bytes: number): Uint8Array {
    return this.#memory.bytes.slice(from.address + at, from.address + at + bytes);
  }

  prepare({ kernels }: StepProgram): Promise<void> {
    return loadNeeds(kernels);
  }

  async load(program: StepProgram, memory: StepMemory): Promise<LoadedProgram> {
    const bytes = stepModule(program, memory, (m) => kernelWriter(m, { relaxed: this.#relaxed }));
    const loaded = await loadProgram(this.#memory, program, memory, bytes);
    this.#programs++;
    return loaded;
  }

  run(
    loaded: LoadedProgram,
    layout: MemoryLayout,
    outside: readonly (Block | undefined)[],
    dims: ReadonlyMap<string, number>,
  ): void {
    const arena = this.#arenaOf(layout.arenaBytes);
    if (this.#debug.poison) this.#memory.fill(arena.address, arena.bytes);
    runProgram(this.#memory, loaded, layout, arena, outside, dims);
    this.#memory.checkSentinels(loaded.program.signature.entry);
  }

  unload(loaded: LoadedProgram): void {
    unloadProgram(this.#memory, loaded);
    if (--this.#programs === 0) this.#dropArena();
  }

  async sync(): Promise<void> {}

  close(): void {
    this.#dropArena();
  }

  /** Memory for the temporaries of one run at a time, as large as any program has wanted it. */
  #arenaOf(bytes: number): Block {
    if (this.#arena === undefined || this.#arena.bytes < bytes) {
      this.#dropArena();
      this.#arena = this.#memory.alloc(bytes);
    }
    return this.#arena;
  }

  #dropArena(): void {
    if (this.#arena !== undefined) this.#memory.free(this.#arena);
    this.#arena = undefined;
  }
}

/** Why there can be no such backend here; null where there can. */
function whyNot({ simd }: CpuJsOptions, has: Features): string | null {
  if (!has.simd) return "this engine has no WebAssembly with vectors of 128 bits";
  return simd === "relaxed" && !has.relaxed ? "this engine has no relaxed vector instructions" : null;
}

function checked(options: unknown): CpuJsOptions {
  checkOptions("cpu-js", options, ["simd", "debug"]);
  const { simd = "auto", debug = {} } = options as CpuJsOptions;
  checkOptions("cpu-js", debug, ["poison", "sentinels"]);
  if (!simdLevels.includes(simd))
    throw new OptionError("E803", "cpu-js", `simd is ${JSON.stringify(simd)}`, {
      fix: `it is one of ${simdLevels.join(", ")}`,
    });
  return { simd, debug };
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
      return backendFrom(new CpuJs(relaxed, chosen.debug ?? {}));
    },
    whyNot: async () => whyNot(checked(options), features()),
  };
}

registerBackend(cpuJs());

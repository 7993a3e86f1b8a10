import { ABI, type Backend, type BackendFactory, type Capabilities, registerBackend, type Stats } from "@tenon/backend";
import { checkOptions, OptionError } from "@tenon/ir";
import {
  backendFrom,
  type Claims,
  type KernelBackend,
  type MemoryLayout,
  type StepMemory,
  type StepProgram,
} from "@tenon/lowering";
import { wantWorks } from "@tenon/lowering/threads";
import { formOf } from "./blas/form.ts";
import { openProducts } from "./blas/open.ts";
import type { Products } from "./blas/products.ts";
import { sparedKernels } from "./blas/spared.ts";
import { capabilities, MAX_THREADS, SHARED_BYTES } from "./capabilities.ts";
import { type DeviceOptions, type OpenedDevice, openDevice, whyNoDevice } from "./device.ts";
import { deviceKernels } from "./device-kernels.ts";
import type { Attentions } from "./dnn/attention.ts";
import { attentionOf } from "./dnn/form.ts";
import { openAttentions } from "./dnn/open.ts";
import { sparedAttentions } from "./dnn/spared.ts";
import { claimsOn } from "./kernels/claims.ts";
import { settleFor } from "./kernels/settle.ts";
import { sourceOf, templates } from "./kernels.ts";
import { Launched } from "./launched.ts";
import { ALIGNMENT, type Block, Memory } from "./memory.ts";
import { COPY, type NativeDevice } from "./native.ts";
import { type LoadedProgram, Plan } from "./plan.ts";
import { Programs } from "./programs.ts";
import { Workspaces } from "./workspaces.ts";

export interface CudaNativeOptions extends DeviceOptions {
  /** Whether compiled kernels are kept on disk, in `TENON_CACHE` or the user's cache folder; true by default. */
  readonly cache?: boolean;
  /** Whether products are computed by cuBLASLt, and attention by cuDNN, where they are installed; true by default. */
  readonly libraries?: boolean;
  /** Whether ways to compute a product are timed, once for each on this machine, and not the first taken; false by default. */
  readonly tune?: boolean;
  readonly debug?: {
    /** Fresh memory is filled with NaN. */
    readonly poison?: boolean;
    /** Each launch is waited for, so that an error names the one that failed. */
    readonly wait?: boolean;
    /** Products and attention go to the libraries however small they are. */
    readonly smallProducts?: boolean;
  };
}

/** Sizes for which an executable keeps its plan. */
const MAX_PLANS = 4;

/** An NVIDIA GPU. A run is enqueued and never waited for. */
class CudaNative implements KernelBackend<Block, LoadedProgram> {
  readonly id = "cuda-native";
  readonly caps: Capabilities;
  readonly target: KernelBackend<Block, LoadedProgram>["target"];
  readonly claims: Claims;
  readonly planning = { align: ALIGNMENT, guard: 0 };
  readonly maxBufferBytes: number;
  readonly #device: NativeDevice;
  readonly #memory: Memory;
  readonly #programs: Programs;
  readonly #workspaces: Workspaces;
  readonly #products: Products | undefined;
  readonly #attentions: Attentions | undefined;
  readonly #poison: boolean;
  readonly #wait: boolean;
  readonly #launched = new Launched(() => this.#lose());
  readonly #loaded = new Set<LoadedProgram>();
  /** What is about to run keeps its memory. */
  #prepared: Plan | undefined;

  constructor(opened: OpenedDevice, options: CudaNativeOptions) {
    const { cache = true, libraries = true, tune = false, debug = {} } = options;
    const { device, driver } = opened;
    this.#device = device;
    this.#poison = debug.poison ?? false;
    this.#wait = debug.wait ?? false;
    this.#memory = new Memory(device, this.#poison);
    this.#programs = new Programs(opened, cache);
    this.#workspaces = new Workspaces(this.#memory);
    this.#memory.makeRoom = () => {
      for (const loaded of this.#loaded) dropPlans(loaded, this.#prepared);
      this.#workspaces.trim();
    };
    const small = debug.smallProducts ?? false;
    this.#products = libraries
      ? openProducts(device, this.#memory, this.#programs, { tune, small, driver: driver.version })
      : undefined;
    this.#attentions = libraries ? openAttentions(device, { small, driver: driver.version }) : undefined;
    const used = [
      this.#products && `cuBLASLt ${this.#products.version}`,
      this.#attentions && `cuDNN ${this.#attentions.version}`,
    ];
    this.caps = capabilities(
      device.facts,
      driver.version,
      used.filter((x) => x !== undefined),
    );
    this.target = { templates, settle: settleFor(this.#products !== undefined) };
    this.claims = claimsOn(device.facts.major);
    this.maxBufferBytes = device.facts.totalBytes;
  }

  alloc(bytes: number): Block {
    try {
      return this.#launched.during(() => this.#memory.alloc(bytes));
    } catch (error) {
      this.#prepared = undefined; // if that was for a result, nothing runs
      throw error;
    }
  }

  free(block: Block): void {
    if (this.#launched.isLost) return;
    this.#launched.during(() => this.#memory.free(block));
  }

  copy(from: Block, to: Block): void {
    from.touched = to.touched = true;
    if (to.bytes === 0) return;
    this.#launched.during(() => this.#device.enqueue(Float64Array.of(COPY, to.address, from.address, to.bytes)));
  }

  write(to: Block, data: Uint8Array, at: number): void {
    this.#launched.during(() => {
      const apart = this.#memory.isIdle(to);
      to.touched = true;
      this.#device.write(to.address + at, data, apart);
    });
  }

  read(from: Block, at: number, bytes: number): Promise<Uint8Array> {
    from.touched = true;
    return this.#launched.through(() => this.#device.read(from.address + at, bytes));
  }

  async load(program: StepProgram, memory: StepMemory): Promise<LoadedProgram> {
    wantWorks(memory, () => deviceKernels);
    this.#launched.during(() => {}); // there is a device
    const { major } = this.#device.facts;
    const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major };
    const sources = program.kernels.map((kernel) => sourceOf(kernel, limits));
    const forms = program.kernels.map((kernel) => (kernel.kind === "dot" ? (formOf(kernel) ?? null) : undefined));
    const { choose, proceed } = deviceKernels;
    const copies = copiesOf(program).map((dtype) => deviceKernels.copy(dtype));
    const attentions = program.kernels.map(attentionOf);
    const spared = [
      sparedKernels(program, memory.items, forms, this.#products),
      sparedAttentions(program, memory.items, attentions, this.#attentions),
    ];
    const wanted = sources.filter((_, i) => !spared.some((kernels) => kernels.has(i)));
    const numbers = await this.#programs.numbersOf([...wanted, choose, proceed, ...copies]);
    const constants = new Map<number, Block>();
    for (const [m, { outside }] of memory.memories.entries()) {
      const place = outside === undefined ? undefined : program.buffers[outside]!.place;
      if (place?.kind !== "constant") continue;
      const block = this.#memory.alloc(place.data.byteLength);
      this.write(block, place.data, 0);
      constants.set(m, block);
    }
    const plans = new Map<MemoryLayout, Plan>();
    const loaded = { program, memory, sources, forms, attentions, numbers, constants, plans };
    this.#loaded.add(loaded);
    return loaded;
  }

  prepare(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>): void {
    this.#prepared = this.#launched.during(() => this.#planOf(loaded, layout, dims));
  }

  run(
    loaded: LoadedProgram,
    layout: MemoryLayout,
    outside: readonly (Block | undefined)[],
    dims: ReadonlyMap<string, number>,
  ): void {
    for (const block of outside) if (block !== undefined) block.touched = true;
    this.#launched.during(() => {
      const plan = this.#planOf(loaded, layout, dims);
      this.#launched.add(plan);
      plan.run(outside);
    });
    this.#prepared = undefined;
  }

  unload(loaded: LoadedProgram): void {
    this.#loaded.delete(loaded);
    if (this.#launched.isLost) return;
    dropPlans(loaded);
    for (const block of loaded.constants.values()) this.#memory.free(block);
  }

  async sync(): Promise<void> {
    await this.#launched.through(() => this.#device.sync());
  }

  async close(): Promise<void> {
    if (this.#launched.isLost) return;
    try {
      await this.#device.sync();
    } finally {
      this.#device.close();
    }
  }

  /** Gives up a device that has failed: its context keeps its error, and is ended when nobody has it, so that a new one works. */
  #lose(): void {
    for (const loaded of this.#loaded) dropPlans(loaded);
    this.#device.close();
  }

  /** What a run holds, what is kept for the next ones, and the most that was held. */
  counters(): Pick<Stats, "peakBytes" | "reservedBytes"> {
    return { peakBytes: this.#memory.peak, reservedBytes: this.#memory.reserved };
  }

  /** The plan for these sizes. */
  #planOf(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>): Plan {
    const { plans } = loaded;
    let plan = plans.get(layout);
    plans.delete(layout);
    const [oldest] = plans.keys();
    if (plan === undefined && plans.size >= MAX_PLANS) {
      plans.get(oldest!)!.drop();
      plans.delete(oldest!);
    }
    plan ??= new Plan(loaded, layout, dims, {
      device: this.#device,
      memory: this.#memory,
      workspaces: this.#workspaces,
      programs: this.#programs,
      products: this.#products,
      attentions: this.#attentions,
      poison: this.#poison,
      wait: this.#wait,
      failed: (failure, launches) => this.#launched.failed(failure, launches),
    });
    plans.set(layout, plan);
    return plan;
  }
}

function dropPlans({ plans }: LoadedProgram, but?: Plan): void {
  for (const [layout, plan] of plans) {
    if (plan === but) continue;
    plan.drop();
    plans.delete(layout);
  }
}

/** The dtypes that copies of a program may move, besides whole words. */
const copiesOf = ({ buffers }: StepProgram) => [...new Set(["uint32" as const, ...buffers.map(({ dtype }) => dtype)])];

function checked(options: unknown): CudaNativeOptions {
  checkOptions("cudaNative", options, ["device", "cache", "libraries", "tune", "debug"]);
  const { debug = {} } = options as CudaNativeOptions;
  checkOptions("cudaNative", debug, ["poison", "wait", "smallProducts"]);
  const { device: _device, debug: _debug, ...switches } = options as CudaNativeOptions;
  for (const [name, value] of Object.entries({ ...switches, ...debug }))
    if (value !== undefined && typeof value !== "boolean")
      throw new OptionError("E803", "cudaNative", `${name} is ${JSON.stringify(value)}`, { fix: "give true or false" });
  return options as CudaNativeOptions;
}

const deviceOptions = ({ device }: CudaNativeOptions): DeviceOptions => (device === undefined ? {} : { device });

/** The backend with options, wherever the name of one may stand: `cudaNative({ device: 1 })`. */
export function cudaNative(options: CudaNativeOptions = {}): BackendFactory {
  return {
    id: "cuda-native",
    abi: ABI,
    async create(given: unknown = {}): Promise<Backend> {
      const chosen = { ...checked(options), ...checked(given) };
      const target = new CudaNative(openDevice(deviceOptions(chosen)), chosen);
      const backend = backendFrom(target);
      const stats = backend.stats.bind(backend);
      return Object.assign(backend, { stats: () => ({ ...stats(), ...target.counters() }) });
    },
    whyNot: async () => whyNoDevice(deviceOptions(checked(options))),
  };
}

registerBackend(cudaNative());

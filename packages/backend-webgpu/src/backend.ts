import { ABI, type Backend, type BackendFactory, type Capabilities, registerBackend } from "@tenon/backend";
import { checkOptions, OptionError } from "@tenon/ir";
import { backendFrom, type KernelBackend, type MemoryLayout, type StepMemory, type StepProgram } from "@tenon/lowering";
import { threadClaims, wantWorks } from "@tenon/lowering/threads";
import { capabilities } from "./capabilities.ts";
import { Commands } from "./commands.ts";
import { type AcquiredDevice, acquireDevice, type DeviceOptions, deviceOptionNames, whyNoHardware } from "./device.ts";
import { expectedDispatches } from "./expected.ts";
import { type KernelLimits, sourceOf, templates } from "./kernels.ts";
import { LiveDevice } from "./live-device.ts";
import { type LoadedProgram, placeOf, writeConstants } from "./loaded.ts";
import { Memory, type MemoryDebug, type Range } from "./memory.ts";
import { rare } from "./parts.ts";
import { Pipelines } from "./pipelines.ts";
import { Plan } from "./plan.ts";
import { Readback } from "./readback.ts";
import type { Recorder } from "./recording.ts";
import { CELL, MAX_SMALL } from "./slab.ts";
import { copyRange, writeRange } from "./transfer.ts";
import type { KernelSource } from "./wgsl/source.ts";
import { deviceKernels } from "./works.ts";
import { Workspaces } from "./workspaces.ts";

const workgroupMemoryModes = ["auto", "on", "off"] as const;

export interface WebGpuOptions extends DeviceOptions {
  /**
   * Whether the threads of a workgroup share what they work on. `auto`: not where a processor plays the device; there it is
   * memory like any other, and waiting for each other is what takes time.
   */
  readonly workgroupMemory?: (typeof workgroupMemoryModes)[number];
  readonly debug?: MemoryDebug;
}

/** What was asked of a device so far. */
export interface DeviceStats {
  /** Command buffers: one for each training step whose loss is read. */
  readonly submits: number;
  /** Buffers that were made. */
  readonly buffers: number;
  /** Pipelines that a run had to wait for, since its kernels were not expected to be needed in that way. */
  readonly latePipelines: number;
}

const hasHalves = ({ slots }: KernelSource): boolean => slots.some(({ dtype }) => dtype === "float16");

/** Sizes for which an executable keeps its plan. */
const MAX_PLANS = 4;

/** A GPU by WebGPU. A run is recorded and never waited for. */
class WebGpu implements KernelBackend<Range, LoadedProgram> {
  readonly id = "webgpu";
  readonly caps: Capabilities;
  readonly target: KernelBackend<Range, LoadedProgram>["target"];
  readonly claims = threadClaims;
  readonly planning = { align: CELL, guard: 0 };
  readonly maxBufferBytes: number;
  readonly #live: LiveDevice;
  readonly #memory: Memory;
  readonly #recorder: Recorder;
  readonly #readback: Readback;
  readonly #workspaces: Workspaces;
  readonly #kernels: KernelLimits;

  constructor(acquired: AcquiredDevice, options: WebGpuOptions) {
    // of the same source, but of another adapter, since each gives only one device
    const { debug, workgroupMemory = "auto", adapter, device, ...others } = options;
    const isReplaceable = device === undefined; // the application's own is lost for good
    const live = new LiveDevice(acquired.device, isReplaceable ? () => acquireDevice(others) : undefined);
    const commands = new Commands(live);
    const memory = new Memory(live, commands, debug);
    const { limits } = live;
    this.#live = live;
    this.#memory = memory;
    this.#recorder = { live, commands, memory, pipelines: new Pipelines(live) };
    this.#readback = new Readback(live, commands, memory);
    this.#workspaces = new Workspaces(memory);
    this.maxBufferBytes = memory.maxBytes;
    this.caps = capabilities(acquired, limits, this.maxBufferBytes, isReplaceable);
    this.target = { templates, maxBuffers: limits.maxStorageBuffersPerShaderStage, smallBytes: MAX_SMALL };
    const { software } = acquired.adapter;
    const isShared = workgroupMemory === "auto" ? !software : workgroupMemory === "on";
    this.#kernels = {
      maxThreads: limits.maxComputeInvocationsPerWorkgroup,
      sharedBytes: isShared ? limits.maxComputeWorkgroupStorageSize : 0,
      sized: software, // where a processor plays the device, asking for a length at each access takes long
    };
  }

  alloc(bytes: number): Range {
    return this.#memory.alloc(bytes);
  }

  allocGroup(bytes: readonly number[]): readonly Range[] {
    return this.#memory.allocGroup(bytes);
  }

  free(range: Range): void {
    this.#memory.free(range);
  }

  copy(from: Range, to: Range): void {
    this.#live.whenPresent(() => copyRange(this.#recorder, from, to));
  }

  write(to: Range, data: Uint8Array, at: number): void {
    const kept = this.#live.present ? data : data.slice();
    this.#live.whenPresent(() => writeRange(this.#recorder, to, kept, at));
  }

  read(from: Range, at: number, bytes: number): Promise<Uint8Array> {
    return this.#readback.read(from, at, bytes);
  }

  async load(program: StepProgram, memory: StepMemory): Promise<LoadedProgram> {
    const sources = program.kernels.map((kernel) => sourceOf(kernel, this.#kernels));
    wantWorks(memory, deviceKernels);
    if (sources.some(hasHalves)) void rare.now; // which runs read and write
    const expected = expectedDispatches({ program, memory, sources }, this.#live.limits, this.#memory.maxBytes);
    await this.#live.recovered();
    await Promise.all(expected.map(({ source, variant }) => this.#recorder.pipelines.prepare(source, variant)));
    return { program, memory, sources, constants: new Map(), generation: 0, plans: new Map() };
  }

  run(
    loaded: LoadedProgram,
    layout: MemoryLayout,
    outside: readonly (Range | undefined)[],
    dims: ReadonlyMap<string, number>,
  ): void {
    const { faults, generation } = this.#live;
    const written: Range[] = [];
    for (const [m, range] of outside.entries()) {
      if (range === undefined) continue;
      const place = placeOf(loaded, m)!;
      const isInput = place.kind === "input";
      const spoiled = isInput ? faults.of(range) : undefined;
      if (spoiled !== undefined) throw spoiled;
      if (!isInput || loaded.program.signature.inputs[place.index]!.alias !== undefined) written.push(range);
    }
    writeConstants(loaded, this.#memory, generation);
    this.#planOf(loaded, layout, dims).run(faults.tick(), outside);
    const done = faults.tick(); // after all that the device might find fault with
    for (const range of written) range.known = range.computed = done;
  }

  unload({ plans, constants }: LoadedProgram): void {
    for (const plan of plans.values()) plan.drop();
    plans.clear();
    for (const range of constants.values()) this.#memory.free(range);
    constants.clear();
  }

  deviceStats(): DeviceStats {
    const { commands, memory, pipelines } = this.#recorder;
    return { submits: commands.submits, buffers: memory.created, latePipelines: pipelines.late };
  }

  async sync(): Promise<void> {
    this.#recorder.commands.flush();
    const { faults, generation } = this.#live;
    if (this.#live.present)
      await this.#live.device.queue.onSubmittedWorkDone().catch(() => this.#live.afterLoss(generation));
    else await this.#live.recovered();
    await faults.settled();
    const error = faults.take();
    if (error !== undefined) throw error;
  }

  async close(): Promise<void> {
    this.#recorder.commands.flush();
    await this.#readback.finished();
    this.#memory.close();
    this.#live.close();
  }

  /** The plan for these sizes on this device. */
  #planOf(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>): Plan {
    const { plans } = loaded;
    let plan = plans.get(layout);
    plans.delete(layout);
    if (plan !== undefined && (plan.failed || plan.generation !== this.#live.generation)) {
      plan.drop();
      plan = undefined;
    }
    const [oldest] = plans.keys();
    if (plan === undefined && plans.size >= MAX_PLANS) {
      plans.get(oldest!)!.drop();
      plans.delete(oldest!);
    }
    plan ??= new Plan(loaded, dims, this.#recorder, this.#workspaces);
    plans.set(layout, plan);
    return plan;
  }
}

function checked(options: unknown): WebGpuOptions {
  checkOptions("webgpu", options, [...deviceOptionNames, "debug", "workgroupMemory"]);
  const { debug = {}, workgroupMemory = "auto" } = options as WebGpuOptions;
  checkOptions("webgpu", debug, ["poison"]);
  if (!workgroupMemoryModes.includes(workgroupMemory))
    throw new OptionError("E803", "webgpu", `workgroupMemory is ${JSON.stringify(workgroupMemory)}`, {
      fix: `it is one of ${workgroupMemoryModes.join(", ")}`,
    });
  return options as WebGpuOptions;
}

const deviceOptions = ({ debug, workgroupMemory, ...options }: WebGpuOptions): DeviceOptions => options;

/** The backend with options, wherever the name of one may stand. */
export function webgpu(options: WebGpuOptions = {}): BackendFactory {
  return {
    id: "webgpu",
    abi: ABI,
    async create(given: unknown = {}) {
      const chosen = { ...checked(options), ...checked(given) };
      const target = new WebGpu(await acquireDevice(deviceOptions(chosen)), chosen);
      const backend = backendFrom(target);
      targets.set(backend, target);
      return backend;
    },
    whyNot: async () => whyNoHardware(deviceOptions(checked(options))),
  };
}

const targets = new WeakMap<Backend, WebGpu>();

/** What a backend has asked of its device so far; undefined for another backend. */
export const deviceStatsOf = (backend: Backend): DeviceStats | undefined => targets.get(backend)?.deviceStats();

registerBackend(webgpu());

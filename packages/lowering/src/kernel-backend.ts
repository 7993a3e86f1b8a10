import {
  type Backend,
  type Buffer,
  type Capabilities,
  type CompileOptions,
  checkModule,
  checkRange,
  compileOptionNames,
  type DeviceMemory,
  debugs,
  type Executable,
  LiveBuffers,
  type Stats,
} from "@tenon/backend";
import { BackendError, checkOptions, isVerified, type VerifiedModule } from "@tenon/ir";
import type { Claims } from "./expand.ts";
import { type IndexScope, withIndexScope } from "./index-node.ts";
import { inPlacePairs } from "./kernel/in-place.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { StepProgram } from "./kernel/program.ts";
import { KernelExecutable } from "./kernel-executable.ts";
import { withParts } from "./late.ts";
import { type LowerOptions, lower } from "./lower/lower.ts";
import { rare } from "./parts.ts";
import { type MemoryLayout, type PlanOptions, planMemory, type StepMemory } from "./plan/plan.ts";

/**
 * What a target brings that prints kernels and launches them; `backendFrom` makes a backend of it. `M` is what its memory
 * comes in, `L` a program that it has loaded. It need not check anything: buffers are alive and of the right size, bytes are
 * inside of them.
 */
export interface KernelBackend<M, L> extends DeviceMemory<M> {
  readonly id: string;
  readonly caps: Capabilities;
  /** What the target renders by itself. */
  readonly target: Pick<LowerOptions, "spells" | "settle" | "templates" | "maxBuffers" | "smallBytes">;
  readonly planning: Pick<PlanOptions, "align" | "guard" | "scratchBytes">;
  /** Which composites it keeps whole; it is handed a `ClaimedKernel` for each. */
  readonly claims?: Claims;
  /** Memory for several buffers of one role, where it should lie together. */
  allocGroup?(bytes: readonly number[], role: string): readonly M[];
  copy(from: M, to: M): void;
  write(to: M, data: Uint8Array, at: number): void;
  /** A copy of the bytes; at once where `caps.features` has `sync-read`. */
  read(from: M, at: number, bytes: number): Uint8Array | Promise<Uint8Array>;
  /** Index expressions of the program are those of one index scope until the call returns. It may be called again, see `late`. */
  load(program: StepProgram, memory: StepMemory): L | Promise<L>;
  /** Takes the memory of runs of these sizes. Where it throws, nothing is begun, and no argument is spoiled. */
  prepare?(loaded: L, layout: MemoryLayout, dims: ReadonlyMap<string, number>): void;
  /** Starts a run. What is in `outside` by number of a planned memory is an argument or a result. */
  run(loaded: L, layout: MemoryLayout, outside: readonly (M | undefined)[], dims: ReadonlyMap<string, number>): void;
  unload(loaded: L): void;
  sync(): Promise<void>;
  close(): void | Promise<void>;
}

/** A backend: lowering, planning, and every check of the contract, around what the target brings. */
export function backendFrom<M, L>(target: KernelBackend<M, L>): Backend {
  return new AdaptedBackend(target);
}

/** What an executable of such a backend runs; undefined for one of another backend. */
export const programOf = (executable: Executable): StepProgram | undefined =>
  executable instanceof KernelExecutable ? executable.program : undefined;

/** Its kernels. */
export const kernelsOf = (executable: Executable): readonly Kernel[] => programOf(executable)?.kernels ?? [];

class AdaptedBackend<M, L> implements Backend {
  readonly caps: Capabilities;
  readonly claims?: NonNullable<Backend["claims"]>;
  readonly readSync?: NonNullable<Backend["readSync"]>;
  readonly #target: KernelBackend<M, L>;
  readonly #buffers: LiveBuffers<M>;
  readonly #executables = new Set<KernelExecutable<M, L>>();
  #deferred: { readonly error: unknown } | undefined;

  constructor(target: KernelBackend<M, L>) {
    this.#target = target;
    this.#buffers = new LiveBuffers(target.id, target);
    this.caps = target.caps;
    const { claims } = target;
    if (claims !== undefined) this.claims = (site) => claims(site) ?? null;
    if (target.caps.features.includes("sync-read"))
      this.readSync = (from, at, bytes) => this.#read(from, at, bytes) as Uint8Array;
  }

  async compile(module: VerifiedModule, entry: string, options: CompileOptions = {}): Promise<Executable> {
    this.#buffers.checkOpen("compile");
    checkOptions("compile", options, compileOptionNames);
    if (!isVerified(module))
      throw new BackendError("E507", "compile", "the module is not verified", {
        fix: "pass what verify(module) returns",
      });
    const target = this.#target;
    checkModule(target.caps, module, entry);
    const lowering = { ...target.target, claims: target.claims, fusion: options.fusion !== "off" };
    const scope: IndexScope = new Map();
    const done = <T>(work: () => T): Promise<Awaited<T>> => withParts(() => withIndexScope(work, scope));
    const program = await done(() => lower(module, entry, lowering));
    const memory = await done(() => planMemory(program, { ...target.planning, inPlace: inPlacePairs }));
    this.#buffers.checkOpen("compile");
    const loaded = (await done(() => target.load(program, memory))) as L;
    const shown = debugs("kernels");
    if (shown || options.memoryBudget !== undefined) await rare.load(); // it has the text of kernels and tells what is large
    if (shown) console.error(rare.now.debugText(program));
    const executable: KernelExecutable<M, L> = new KernelExecutable(program, memory, loaded, options, {
      target,
      buffers: this.#buffers,
      failed: (error) => {
        this.#deferred ??= { error };
      },
      disposed: () => this.#executables.delete(executable),
    });
    try {
      this.#buffers.checkOpen("compile");
      executable.checkBudget();
    } catch (error) {
      executable.dispose();
      throw error;
    }
    this.#executables.add(executable);
    return executable;
  }

  alloc(bytes: number): Buffer {
    return this.#buffers.alloc(bytes);
  }

  allocGroup(bytes: readonly number[], role: string): readonly Buffer[] {
    for (const size of bytes) this.#buffers.checkBytes(size);
    const together = this.#target.allocGroup?.(bytes, role);
    return bytes.map((size, i) =>
      together === undefined ? this.#buffers.alloc(size) : this.#buffers.adopt(size, together[i]!),
    );
  }

  copy(from: Buffer, to: Buffer): void {
    const [source, target] = [this.#buffers.own("copy", from), this.#buffers.own("copy", to)];
    if (source.bytes !== target.bytes)
      throw new BackendError("E531", "copy", `the buffers have ${source.bytes} and ${target.bytes} bytes`);
    this.#target.copy(source.memory, target.memory);
    target.failure = source.failure;
  }

  write(to: Buffer, data: Uint8Array, at = 0): void {
    const own = this.#buffers.own("write", to);
    checkRange("write", own, at, data.byteLength);
    this.#target.write(own.memory, data, at);
    if (data.byteLength === own.bytes) own.failure = undefined;
  }

  async read(from: Buffer, at?: number, bytes?: number): Promise<Uint8Array> {
    return this.#read(from, at, bytes);
  }

  #read(from: Buffer, at = 0, bytes = from.bytes - at): Uint8Array | Promise<Uint8Array> {
    return this.#target.read(this.#buffers.readable("read", from, at, bytes).memory, at, bytes);
  }

  async sync(): Promise<void> {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    const late = await this.#target.sync().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const first = deferred ?? late;
    if (first !== undefined) throw first.error;
  }

  stats(): Stats {
    const { liveBuffers, liveBytes } = this.#buffers;
    return { liveBuffers, liveBytes, cachedPrograms: this.#executables.size };
  }

  async close(): Promise<void> {
    if (this.#buffers.closed) return;
    for (const executable of this.#executables) executable.dispose();
    this.#buffers.close();
    await this.#target.close();
  }
}

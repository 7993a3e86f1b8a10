import {
  type Bindings,
  type Buffer,
  bindingsOf,
  type CompileOptions,
  checkBudget,
  checkBuffers,
  type EntrySignature,
  type Executable,
  executableDisposed,
  type LiveBuffer,
  type LiveBuffers,
  type MemoryPlan,
  type RunOptions,
  recent,
  resultBuffers,
  runError,
} from "@tenon/backend";
import type { StepProgram } from "./kernel/program.ts";
import type { KernelBackend } from "./kernel-backend.ts";
import { rare } from "./parts.ts";
import type { MemoryLayout, StepMemory } from "./plan/plan.ts";

/** How many bindings of the symbols keep their layout. */
const MAX_LAYOUTS = 8;

/** What an executable needs of its backend. */
export interface ExecutableHost<M, L> {
  readonly target: KernelBackend<M, L>;
  readonly buffers: LiveBuffers<M>;
  /** Told of the error of a run. */
  failed(error: unknown): void;
  disposed(): void;
}

/** A program that a target has loaded. New values of the symbols move its buffers and change nothing else. */
export class KernelExecutable<M, L> implements Executable {
  readonly signature: EntrySignature;
  readonly plan: MemoryPlan;
  readonly program: StepProgram;
  readonly #memory: StepMemory;
  readonly #loaded: L;
  readonly #budget: number;
  readonly #host: ExecutableHost<M, L>;
  readonly #layouts = new Map<string, MemoryLayout>();
  #disposed = false;

  constructor(
    program: StepProgram,
    memory: StepMemory,
    loaded: L,
    { memoryBudget = Number.POSITIVE_INFINITY }: CompileOptions,
    host: ExecutableHost<M, L>,
  ) {
    const { signature } = program;
    this.program = program;
    this.signature = signature;
    this.#memory = memory;
    this.#loaded = loaded;
    this.#budget = memoryBudget;
    this.#host = host;
    this.plan = { peakBytes: (dims) => this.#layout(bindingsOf(signature, dims)).peakBytes };
  }

  /** Throws where the memory of a program without symbols is above the budget. */
  checkBudget(): void {
    if (this.signature.symbols.length === 0) this.#affordable(new Map());
  }

  run(args: readonly Buffer[], { dims, results = [] }: RunOptions = {}): readonly Buffer[] {
    const { entry } = this.signature;
    const { buffers } = this.#host;
    buffers.checkOpen(entry);
    if (this.#disposed) throw executableDisposed(entry);
    const bindings = bindingsOf(this.signature, dims);
    checkBuffers(buffers.backend, this.signature, bindings, args, results);
    const inputs = args.map((buffer) => buffers.own(entry, buffer));
    const layout = this.#affordable(bindings);
    this.#host.target.prepare?.(this.#loaded, layout, bindings);
    const targets = resultBuffers(buffers, this.signature, bindings, inputs, results);
    const failure = inputs.find((buffer) => buffer.failure !== undefined)?.failure;
    const spoiled = failure ?? this.#start(layout, inputs, targets, bindings);
    for (const target of targets) target.failure = spoiled;
    return targets;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#layouts.clear();
    this.#host.target.unload(this.#loaded);
    this.#host.disposed();
  }

  /** Starts the run; gives the error where it fails. */
  #start(
    layout: MemoryLayout,
    inputs: readonly LiveBuffer<M>[],
    results: readonly LiveBuffer<M>[],
    bindings: Bindings,
  ): unknown {
    const { target, failed } = this.#host;
    const outside = this.#memory.memories.map(({ outside: buffer }) => {
      if (buffer === undefined) return undefined;
      const { place } = this.program.buffers[buffer]!;
      if (place.kind === "input") return inputs[place.index]!.memory;
      return place.kind === "result" ? results[place.index]!.memory : undefined;
    });
    try {
      target.run(this.#loaded, layout, outside, bindings);
      return undefined;
    } catch (cause) {
      const error = runError(this.signature.entry, cause);
      failed(error);
      return error;
    }
  }

  #affordable(bindings: Bindings): MemoryLayout {
    const layout = this.#layout(bindings);
    checkBudget(this.signature.entry, layout.peakBytes, this.#budget, () =>
      rare.now.largestTensors(this.program, bindings),
    );
    return layout;
  }

  #layout(bindings: Bindings): MemoryLayout {
    let key = "";
    for (const { name } of this.signature.symbols) key += `${bindings.get(name)} `;
    return recent(this.#layouts, key, MAX_LAYOUTS, () => this.#memory.layout(bindings));
  }
}

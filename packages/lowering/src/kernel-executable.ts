import {
  type Bindings,
  type Buffer,
  bindingsOf,
  byteLengthOf,
  type CompileOptions,
  checkBuffers,
  concreteType,
  type EntrySignature,
  type Executable,
  type LiveBuffer,
  type LiveBuffers,
  type MemoryPlan,
  type RunOptions,
} from "@tenon/backend";
import { BackendError, LimitError, TenonError } from "@tenon/ir";
import type { StepProgram } from "./kernel/program.ts";
import type { KernelBackend } from "./kernel-backend.ts";
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
  /** By result: the input whose buffer it is written into. */
  readonly #donors: readonly (number | undefined)[];
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
    const donors = new Map(signature.inputs.map(({ alias }, i) => [alias, i]));
    this.#donors = signature.results.map((_, i) => donors.get(i));
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
    if (this.#disposed)
      throw new BackendError("E538", entry, "the executable was disposed", { fix: "compile the module again" });
    const bindings = bindingsOf(this.signature, dims);
    checkBuffers(buffers.backend, this.signature, bindings, args, results);
    const inputs = args.map((buffer) => buffers.own(entry, buffer));
    const layout = this.#affordable(bindings);
    const targets = this.signature.results.map(({ type }, i): LiveBuffer<M> => {
      const donor = this.#donors[i];
      if (donor !== undefined) return inputs[donor]!;
      const given = results[i];
      if (given !== undefined) return buffers.own(entry, given);
      return buffers.alloc(byteLengthOf(concreteType(type, bindings)));
    });
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
      const problem = cause instanceof Error ? cause.message : String(cause);
      const error =
        cause instanceof TenonError
          ? cause
          : new BackendError("E541", this.signature.entry, `the run failed: ${problem}`, { cause });
      failed(error);
      return error;
    }
  }

  #affordable(bindings: Bindings): MemoryLayout {
    const layout = this.#layout(bindings);
    if (layout.peakBytes <= this.#budget) return layout;
    throw new LimitError(
      "E539",
      this.signature.entry,
      `a run holds up to ${layout.peakBytes} bytes, more than the budget of ${this.#budget}`,
      { fix: "raise memoryBudget, or use a smaller batch" },
    );
  }

  #layout(bindings: Bindings): MemoryLayout {
    let key = "";
    for (const { name } of this.signature.symbols) key += `${bindings.get(name)} `;
    const layout = this.#layouts.get(key) ?? this.#memory.layout(bindings);
    this.#layouts.delete(key);
    this.#layouts.set(key, layout); // so that the least recently used one is first
    if (this.#layouts.size > MAX_LAYOUTS) this.#layouts.delete(this.#layouts.keys().next().value!);
    return layout;
  }
}

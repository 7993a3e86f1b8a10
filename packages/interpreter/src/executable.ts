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
  entrySignature,
  type MemoryPlan,
  type RunOptions,
} from "@tenon/backend";
import {
  BackendError,
  decodeElements,
  type Elements,
  encodeElements,
  LimitError,
  TenonError,
  type VerifiedModule,
} from "@tenon/ir";
import { run } from "./evaluate.ts";
import type { HostBuffer, HostBuffers } from "./memory.ts";
import { type Program, Programs } from "./program.ts";

/** How many bindings of the symbols keep their program. */
const MAX_PROGRAMS = 8;

/** What an executable needs of its backend. */
export interface Host {
  readonly memory: HostBuffers;
  /** Told of the error of a run. */
  failed(error: unknown): void;
  disposed(): void;
}

/** An entry of a module; each binding of its symbols is a program of its own. */
export class InterpretedEntry implements Executable {
  readonly signature: EntrySignature;
  readonly plan: MemoryPlan;
  private readonly module: VerifiedModule;
  private readonly memoryBudget: number;
  private readonly host: Host;
  private readonly programs = new Map<string, Program>();
  private disposed = false;

  constructor(module: VerifiedModule, entry: string, { memoryBudget = Infinity }: CompileOptions, host: Host) {
    this.module = module;
    this.memoryBudget = memoryBudget;
    this.host = host;
    this.signature = entrySignature(module, entry);
    this.plan = { peakBytes: (dims) => this.program(bindingsOf(this.signature, dims)).peakBytes };
    if (this.signature.symbols.length === 0) this.program(new Map());
  }

  get cachedPrograms(): number {
    return this.programs.size;
  }

  /** Computes before it returns. An error waits in the results and in the backend's next `sync`. */
  run(args: readonly Buffer[], { dims, results = [] }: RunOptions = {}): readonly Buffer[] {
    const { entry } = this.signature;
    this.host.memory.checkOpen(entry);
    if (this.disposed)
      throw new BackendError("E538", entry, "the executable was disposed", { fix: "compile the module again" });
    const bindings = bindingsOf(this.signature, dims);
    checkBuffers("interpreter", this.signature, bindings, args, results);
    const inputs = args.map((buffer) => this.host.memory.own(entry, buffer));
    const program = this.program(bindings);
    const targets = this.targets(inputs, results, bindings);
    const failure =
      inputs.map((buffer) => buffer.failure).find((error) => error !== undefined) ??
      this.compute(
        program,
        inputs.map(({ memory }) => memory),
        targets,
      );
    for (const target of targets) target.failure = failure;
    return targets;
  }

  private compute(program: Program, bytes: readonly Uint8Array[], targets: readonly HostBuffer[]): unknown {
    try {
      const args = program.inputs.map(
        (type, i): Elements => ({ ...type, data: decodeElements(type.dtype, bytes[i]!) }),
      );
      run(program, args).forEach(({ dtype, data }, i) => {
        targets[i]!.memory!.set(encodeElements(dtype, data));
      });
      return undefined;
    } catch (cause) {
      const error =
        cause instanceof TenonError
          ? cause
          : new BackendError(
              "E541",
              this.signature.entry,
              `the run failed: ${cause instanceof Error ? cause.message : String(cause)}`,
              { cause },
            );
      this.host.failed(error);
      return error;
    }
  }

  /** Where each result goes: into the argument that it aliases, the buffer that was given for it, or a new one. */
  private targets(
    args: readonly HostBuffer[],
    results: readonly (Buffer | undefined)[],
    bindings: Bindings,
  ): readonly HostBuffer[] {
    return this.signature.results.map(({ type }, i) => {
      const donor = this.signature.inputs.findIndex(({ alias }) => alias === i);
      if (donor >= 0) return args[donor]!;
      const given = results[i];
      if (given === undefined) return this.host.memory.alloc(byteLengthOf(concreteType(type, bindings)));
      return this.host.memory.own(this.signature.entry, given);
    });
  }

  private program(bindings: Bindings): Program {
    const key = [...bindings].sort().join(" ");
    const program = this.programs.get(key) ?? this.link(bindings);
    this.programs.delete(key);
    this.programs.set(key, program); // so that the least recently used one is first
    if (this.programs.size > MAX_PROGRAMS) this.programs.delete(this.programs.keys().next().value!);
    return program;
  }

  private link(bindings: Bindings): Program {
    const { entry } = this.signature;
    const program = new Programs(this.module, bindings).of(this.module.entries.get(entry)!);
    if (program.peakBytes > this.memoryBudget) {
      throw new LimitError(
        "E539",
        entry,
        `a run holds up to ${program.peakBytes} bytes, more than the budget of ${this.memoryBudget}`,
        {
          fix: "raise memoryBudget, or use a smaller batch",
        },
      );
    }
    return program;
  }

  dispose(): void {
    this.disposed = true;
    this.programs.clear();
    this.host.disposed();
  }
}

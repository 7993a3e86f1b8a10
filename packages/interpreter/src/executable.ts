import {
  type Bindings,
  type Buffer,
  bindingsOf,
  type CompileOptions,
  checkBudget,
  checkBuffers,
  type EntrySignature,
  type Executable,
  entrySignature,
  executableDisposed,
  type MemoryPlan,
  type RunOptions,
  recent,
  resultBuffers,
  runError,
} from "@tenon/backend";
import { decodeElements, type Elements, encodeElements, type VerifiedModule } from "@tenon/ir";
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
    if (this.disposed) throw executableDisposed(entry);
    const bindings = bindingsOf(this.signature, dims);
    checkBuffers("interpreter", this.signature, bindings, args, results);
    const inputs = args.map((buffer) => this.host.memory.own(entry, buffer));
    const program = this.program(bindings);
    const targets = resultBuffers(this.host.memory, this.signature, bindings, inputs, results);
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
      const error = runError(this.signature.entry, cause);
      this.host.failed(error);
      return error;
    }
  }

  private program(bindings: Bindings): Program {
    return recent(this.programs, [...bindings].sort().join(" "), MAX_PROGRAMS, () => this.link(bindings));
  }

  private link(bindings: Bindings): Program {
    const { entry } = this.signature;
    const program = new Programs(this.module, bindings).of(this.module.entries.get(entry)!);
    checkBudget(entry, program.peakBytes, this.memoryBudget);
    return program;
  }

  dispose(): void {
    this.disposed = true;
    this.programs.clear();
    this.host.disposed();
  }
}

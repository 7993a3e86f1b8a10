import { type DType, LimitError } from "@tenon/ir";
import { evaluateIndex } from "../index-fold.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import type { Item, Launch, StepProgram } from "../kernel/program.ts";
import { rare } from "../parts.ts";
import type { StepMemory } from "../plan/plan.ts";

/** What is known of a kernel in a target's language. */
export interface WorkSource {
  readonly scalars: readonly IndexVariable[];
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Number of workgroups, as an expression in the kernel's scalars. */
  readonly groups: Index;
}

/**
 * The kernels by which a device copies and decides. Branches and loops have cells on the device that hold 0 or 1, and what
 * stands inside runs only where its cell holds 1.
 */
export interface WorkKernels<S> {
  /** Copies `n2` elements from element `n0` of the first slot to element `n1` of the second. */
  copy(dtype: DType): S;
  /**
   * Opens one branch of several: of the cells from `n2` on that of the element `n0`, clamped to the `n1` that there are. None
   * where the cell `n3` around is shut; there is none around where that is negative.
   */
  readonly choose: S;
  /** Leaves the cell `n0` open where the flag says so and the cell `n1` is open, which may be the same; none is where it is negative. */
  readonly proceed: S;
}

/** A kernel to run on memories by number, with everything known but where these lie. */
export interface Work<S> {
  readonly source: S;
  readonly instances: readonly WorkInstance[];
  /** The cell of guards that must hold; undefined where it runs in any case. */
  readonly guard: number | undefined;
  /** Of the program's launch; none for the kernels by which a device copies and decides. */
  readonly launch?: Launch;
}

export interface WorkInstance {
  /** By slot. */
  readonly memories: readonly number[];
  /** The program's buffers, by slot, where there are such. */
  readonly buffers?: readonly number[];
  readonly scalars: readonly number[];
  readonly groups: number;
}

export interface Works<S> {
  readonly works: readonly Work<S>[];
  /** Cells of the memory of guards, whose number is that of the last planned memory plus one. */
  readonly guards: number;
}

/** Most launches of a run, loops unrolled. */
const MAX_WORKS = 100_000;

/** Has loaded what a run wants beside launches, while somebody can wait for it. */
export function wantWorks<S>({ items }: StepMemory, kernels: () => WorkKernels<S>): void {
  if (items.every(({ kind }) => kind === "launch")) return;
  void rare.now;
  kernels();
}

/** What a run does, in order: loops are unrolled, branches guarded by the cells that kernels of their own write. */
export function worksOf<S extends WorkSource>(
  program: StepProgram,
  memory: StepMemory,
  sources: readonly S[],
  dims: ReadonlyMap<string, number>,
  kernels: () => WorkKernels<S>,
): Works<S> {
  const writer = new WorkWriter(program, memory, sources, dims, kernels);
  writer.items(memory.items, undefined);
  return writer;
}

/** Writes what a run does; see `works-rare.ts` for what is no launch. */
export class WorkWriter<S extends WorkSource> implements Works<S> {
  readonly works: Work<S>[] = [];
  guards = 0;
  readonly program: StepProgram;
  readonly memory: StepMemory;
  readonly #sources: readonly S[];
  readonly kernels: () => WorkKernels<S>;
  readonly values: Map<string, number>;
  /** The cells of a branch or loop, which serve it each time that it is come to. */
  readonly cells = new Map<Item, number>();

  constructor(
    program: StepProgram,
    memory: StepMemory,
    sources: readonly S[],
    dims: ReadonlyMap<string, number>,
    kernels: () => WorkKernels<S>,
  ) {
    this.program = program;
    this.memory = memory;
    this.#sources = sources;
    this.kernels = kernels;
    this.values = new Map(dims);
  }

  items(items: readonly Item[], guard: number | undefined): void {
    for (const item of items) {
      if (item.kind === "launch") this.#launch(item, guard);
      else rare.now.writeItem(this, item, guard);
    }
  }

  #launch(launch: Launch, guard: number | undefined): void {
    const { kernel, instances } = launch;
    const source = this.#sources[kernel]!;
    const names = source.scalars.map(({ name }) => name);
    const parameters = this.program.kernels[kernel]!.scalars.map(({ name }) => name);
    const found = instances.flatMap(({ buffers, scalars }): readonly WorkInstance[] => {
      const given = new Map(parameters.map((name, i) => [name, this.value(scalars[i]!)]));
      const groups = evaluateIndex(source.groups, given);
      if (groups === 0) return [];
      const memories = buffers.map((b) => this.memory.memoryOf[b]!);
      return [{ memories, buffers, scalars: names.map((name) => given.get(name)!), groups }];
    });
    if (found.length > 0) this.add({ source, instances: found, guard, launch });
  }

  add(work: Work<S>): void {
    if (this.works.length >= MAX_WORKS) {
      const ops = work.launch?.origin.ops ?? [];
      throw new LimitError("E542", this.program.signature.entry, `a run would launch more than ${MAX_WORKS} kernels`, {
        operands: ops.length === 0 ? {} : { at: ops.join(", ") },
        fix: "make loops shorter, or several runs of one; a while loop counts as many trips as it may make",
      });
    }
    this.works.push(work);
  }

  value(x: Index): number {
    return x.kind === "constant" ? x.value : evaluateIndex(x, this.values);
  }
}

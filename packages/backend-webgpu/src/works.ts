import { dtypes, LimitError } from "@tenon/ir";
import {
  type Copy,
  evaluateIndex,
  type Index,
  type Item,
  type Launch,
  type StepMemory,
  type StepProgram,
  type Stretch,
} from "@tenon/lowering";
import { copySource } from "./copy-source.ts";
import { chooseSource, continueSource } from "./guards.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** A kernel to run on memories by number, with everything known but where these lie. */
export interface Work {
  readonly source: KernelSource;
  readonly instances: readonly WorkInstance[];
  /** The cell of guards that must hold; undefined where it runs in any case. */
  readonly guard: number | undefined;
}

export interface WorkInstance {
  /** By slot. */
  readonly memories: readonly number[];
  /** Words of the buffers, by slot, for a kernel that is sized: those that do not depend on symbols. */
  readonly words?: readonly (number | undefined)[];
  readonly scalars: readonly number[];
  readonly groups: number;
}

export interface Works {
  readonly works: readonly Work[];
  /** Cells of the memory of guards, whose number is that of the last planned memory plus one. */
  readonly guards: number;
}

/** Most launches of a run, loops unrolled. */
const MAX_WORKS = 100_000;

/** Bytes above which a buffer is no device's, and no array of WGSL. */
const MAX_SIZED = 2 ** 31;

/** What a run does, in order: loops are unrolled, branches guarded by the cells that kernels of their own write. */
export function worksOf(
  program: StepProgram,
  memory: StepMemory,
  sources: readonly KernelSource[],
  dims: ReadonlyMap<string, number>,
): Works {
  const writer = new WorkWriter(program, memory, sources, dims);
  writer.items(memory.items, undefined);
  return writer;
}

class WorkWriter implements Works {
  readonly works: Work[] = [];
  guards = 0;
  readonly #program: StepProgram;
  readonly #memory: StepMemory;
  readonly #sources: readonly KernelSource[];
  readonly #values: Map<string, number>;
  /** The cells of a branch or loop, which serve it each time that it is come to. */
  readonly #cells = new Map<Item, number>();

  constructor(
    program: StepProgram,
    memory: StepMemory,
    sources: readonly KernelSource[],
    dims: ReadonlyMap<string, number>,
  ) {
    this.#program = program;
    this.#memory = memory;
    this.#sources = sources;
    this.#values = new Map(dims);
  }

  items(items: readonly Item[], guard: number | undefined): void {
    for (const item of items) this.#item(item, guard);
  }

  #item(item: Item, guard: number | undefined): void {
    switch (item.kind) {
      case "launch":
        this.#launch(item, guard);
        break;
      case "copy":
        this.#copy(item, guard);
        break;
      case "loop": {
        const { name } = item.variable;
        const length = this.#value(item.length);
        for (let i = 0; i < length; i++) {
          this.#values.set(name, i);
          this.items(item.body, guard);
        }
        break;
      }
      case "branch": {
        const { index, branches } = item;
        const first = this.#cellsOf(item, branches.length);
        const scalars = [this.#value(index.start), branches.length, first, guard ?? -1];
        this.#run(chooseSource, [this.#memoryOf(index), this.#guards], scalars);
        for (const [i, branch] of branches.entries()) this.items(branch, first + i);
        break;
      }
      case "while": {
        const { condition, flag, body, most } = item;
        if (most === undefined) throw new Error("a loop without a bound has come through"); // `checkModule` refuses it
        const cell = this.#cellsOf(item, 1);
        const go = (parent: number): void => {
          this.#run(continueSource, [this.#memory.memoryOf[flag]!, this.#guards], [cell, parent]);
        };
        this.items(condition, guard);
        go(guard ?? -1);
        for (let trip = 0; trip < most; trip++) {
          this.items(body, cell);
          if (trip === most - 1) break;
          this.items(condition, cell);
          go(cell);
        }
      }
    }
  }

  #launch({ kernel, instances, origin }: Launch, guard: number | undefined): void {
    const source = this.#sources[kernel]!;
    const names = source.scalars.map(({ name }) => name);
    const parameters = this.#program.kernels[kernel]!.scalars.map(({ name }) => name);
    const found = instances.flatMap(({ buffers, scalars }): readonly WorkInstance[] => {
      const given = new Map(parameters.map((name, i) => [name, this.#value(scalars[i]!)]));
      const groups = evaluateIndex(source.groups, given);
      if (groups === 0) return [];
      const memories = buffers.map((b) => this.#memory.memoryOf[b]!);
      const words = source.sized ? { words: buffers.map((b) => this.#wordsOf(b)) } : {};
      return [{ memories, ...words, scalars: names.map((name) => given.get(name)!), groups }];
    });
    if (found.length > 0) this.#add({ source, instances: found, guard }, origin.ops);
  }

  #copy({ from, to, elements }: Copy, guard: number | undefined): void {
    const count = this.#value(elements);
    const [source, target] = [this.#memoryOf(from), this.#memoryOf(to)];
    const starts = [this.#value(from.start), this.#value(to.start)];
    if (count === 0 || (source === target && starts[0] === starts[1])) return;
    const { dtype, elements: all } = this.#program.buffers[to.buffer]!;
    const whole = starts.every((start) => start === 0) && count === this.#value(all);
    const kernel = copySource(whole ? "uint32" : dtype); // what is behind the last element of a buffer is nobody's
    const length = whole ? Math.ceil((count * dtypes[dtype].byteLength) / 4) : count;
    this.#run(kernel, [source, target], [...starts, length], Math.ceil(length / kernel.threads), guard);
  }

  #run(
    source: KernelSource,
    memories: readonly number[],
    scalars: readonly number[],
    groups = 1,
    guard: number | undefined = undefined,
  ): void {
    this.#add({ source, instances: [{ memories, scalars, groups }], guard });
  }

  #add(work: Work, ops: readonly string[] = []): void {
    if (this.works.length >= MAX_WORKS)
      throw new LimitError("E542", this.#program.signature.entry, `a run would launch more than ${MAX_WORKS} kernels`, {
        operands: ops.length === 0 ? {} : { at: ops.join(", ") },
        fix: "make loops shorter, or several runs of one; a while loop counts as many trips as it may make",
      });
    this.works.push(work);
  }

  get #guards(): number {
    return this.#memory.memories.length;
  }

  #cellsOf(item: Item, count: number): number {
    const known = this.#cells.get(item);
    if (known !== undefined) return known;
    const first = this.guards;
    this.guards += count;
    this.#cells.set(item, first);
    return first;
  }

  #memoryOf({ buffer }: Stretch): number {
    return this.#memory.memoryOf[buffer]!;
  }

  #wordsOf(buffer: number): number | undefined {
    const { dtype, elements } = this.#program.buffers[buffer]!;
    if (elements.kind !== "constant") return undefined;
    const bytes = elements.value * dtypes[dtype].byteLength;
    return bytes <= MAX_SIZED ? Math.max(1, Math.ceil(bytes / 4)) : undefined;
  }

  #value(x: Index): number {
    return x.kind === "constant" ? x.value : evaluateIndex(x, this.#values);
  }
}

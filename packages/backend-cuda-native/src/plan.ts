import { largestTensors, type MemoryLayout, type StepMemory, type StepProgram } from "@tenon/lowering";
import { type Work, type Works, worksOf } from "@tenon/lowering/threads";
import { type KernelSource, rowWords } from "./cuda/source.ts";
import { deviceKernels } from "./device-kernels.ts";
import type { Block, Memory } from "./memory.ts";
import { FILL, LAUNCH, type NativeDevice, type NativeGraph } from "./native.ts";
import type { KernelNumbers } from "./programs.ts";
import type { Workspaces } from "./workspaces.ts";

/** A program that is ready to be planned for whatever sizes it is given. */
export interface LoadedProgram {
  readonly program: StepProgram;
  readonly memory: StepMemory;
  /** By kernel. */
  readonly sources: readonly KernelSource[];
  readonly numbers: KernelNumbers;
  /** By number of the planned memory. */
  readonly constants: ReadonlyMap<number, Block>;
  /** By the layout that they are for, the one that was used last at the end. */
  readonly plans: Map<MemoryLayout, Plan>;
}

export interface PlanHost {
  readonly device: NativeDevice;
  readonly memory: Memory;
  readonly workspaces: Workspaces;
  readonly poison: boolean;
}

/** A word of the table that is the address of a memory from outside. */
interface Given {
  readonly word: number;
  readonly memory: number;
}

/** Bytes of a word of a table. */
const WORD = 8;
/** A plan that runs more often is worth a graph. */
const RUNS_BEFORE_GRAPH = 1;

/**
 * What a program does for given sizes: launches whose tables say where everything lies. From the second run on it is one graph;
 * arguments that lie elsewhere are written into the tables before.
 */
export class Plan {
  readonly #host: PlanHost;
  readonly #workspace: Block;
  readonly #guards: Block | undefined;
  readonly #table: Block;
  /** The tables of all launches, as they are on the device; words are of 64 bits, the lower half first. */
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #given: readonly Given[];
  readonly #commands: Float64Array;
  #addresses: number[] = [];
  #graph: NativeGraph | undefined;
  #runs = 0;
  #written = false;

  constructor(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>, host: PlanHost) {
    const { program, memory, sources } = loaded;
    const largest = () => largestTensors(program, dims);
    const works = worksOf(program, memory, sources, dims, () => deviceKernels);
    this.#host = host;
    this.#guards = works.guards === 0 ? undefined : host.memory.alloc(4 * works.guards, largest);
    try {
      this.#workspace = host.workspaces.lend(layout.arenaBytes, largest);
    } catch (error) {
      if (this.#guards !== undefined) host.memory.free(this.#guards);
      throw error;
    }
    const table = new TableWriter(loaded, layout, works, this.#workspace.address, this.#guards?.address ?? 0);
    this.#words = table.words;
    this.#given = table.given;
    this.#table = host.memory.alloc(Math.max(WORD, this.#words.byteLength), largest);
    const { address, size } = this.#workspace;
    const poison = host.poison && layout.arenaBytes > 0 ? [FILL, address, 0xff, size] : [];
    this.#commands = Float64Array.from([...poison, ...table.commands(this.#table.address)]);
  }

  /** Starts a run. */
  run(outside: readonly (Block | undefined)[]): void {
    this.#place(outside);
    const { device } = this.#host;
    if (this.#commands.length === 0) return;
    if (this.#runs++ < RUNS_BEFORE_GRAPH) device.enqueue(this.#commands);
    else (this.#graph ??= device.record(this.#commands)).launch();
  }

  drop(): void {
    const { memory, workspaces } = this.#host;
    this.#graph?.dispose();
    workspaces.giveBack(this.#workspace);
    memory.free(this.#table);
    if (this.#guards !== undefined) memory.free(this.#guards);
  }

  /** Writes the tables where something lies elsewhere than in the last run. */
  #place(outside: readonly (Block | undefined)[]): void {
    let moved = !this.#written;
    for (const [i, { word, memory }] of this.#given.entries()) {
      const { address } = outside[memory]!;
      if (this.#addresses[i] === address) continue;
      this.#addresses[i] = address;
      setAddress(this.#words, word, address);
      moved = true;
    }
    if (!moved || this.#words.length === 0) return;
    this.#host.device.write(this.#table.address, new Uint8Array(this.#words.buffer), false);
    this.#written = true;
  }
}

function setAddress(words: Uint32Array, word: number, address: number): void {
  words[2 * word] = address % 2 ** 32;
  words[2 * word + 1] = Math.floor(address / 2 ** 32);
}

/** Lays out the tables of works, one after the other. */
class TableWriter {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly given: Given[] = [];
  readonly #launches: {
    readonly kernel: number;
    readonly blocks: number;
    readonly threads: number;
    readonly word: number;
    readonly rows: number;
  }[] = [];

  constructor(
    { program, memory, numbers, constants }: LoadedProgram,
    layout: MemoryLayout,
    { works }: Works<KernelSource>,
    arena: number,
    guards: number,
  ) {
    const total = works.reduce((sum, { source, instances }) => sum + rowWords(source) * instances.length, 0);
    this.words = new Uint32Array(2 * total);
    const guardMemory = memory.memories.length;
    let word = 0;
    const address = (m: number): void => {
      const offset = m === guardMemory ? undefined : layout.offsets[m]!;
      const constant = constants.get(m);
      if (m === guardMemory) setAddress(this.words, word, guards);
      else if (constant !== undefined) setAddress(this.words, word, constant.address);
      else if (offset! >= 0) setAddress(this.words, word, arena + offset!);
      else this.given.push({ word, memory: m });
      word++;
    };
    const number = (n: number): void => {
      this.words[2 * word++] = n; // the kernel takes the lower half
    };
    for (const work of works) {
      const { source, instances, guard } = work;
      const start = word;
      let blocks = 0;
      for (const { memories, scalars, groups } of instances) {
        number(blocks);
        setAddress(this.words, word++, guard === undefined ? 0 : guards + 4 * guard);
        for (const m of memories) address(m);
        for (const n of scalars) number(n);
        blocks += groups;
      }
      const kernel = kernelNumber(numbers, work, program);
      this.#launches.push({ kernel, blocks, threads: source.threads, word: start, rows: instances.length });
    }
  }

  commands(table: number): readonly number[] {
    return this.#launches.flatMap(({ kernel, blocks, threads, word, rows }) => [
      LAUNCH,
      kernel,
      blocks,
      threads,
      table + WORD * word,
      rows,
    ]);
  }
}

function kernelNumber(numbers: KernelNumbers, { source }: Work<KernelSource>, program: StepProgram): number {
  const found = numbers.get(source.symbol);
  if (found === undefined) throw new Error(`${program.signature.entry}: ${source.name} is not loaded`);
  return found;
}

import { debugs } from "@tenon/backend";
import { largestTensors, type MemoryLayout, type StepMemory, type StepProgram } from "@tenon/lowering";
import { type Work, type Works, worksOf } from "@tenon/lowering/threads";
import type { ProductForm } from "./blas/form.ts";
import { type Multiplication, multiplicationsOf } from "./blas/multiplications.ts";
import type { Products } from "./blas/products.ts";
import { type KernelSource, rowWords } from "./cuda/source.ts";
import { deviceKernels } from "./device-kernels.ts";
import { ALIGNMENT, type Block, type Memory } from "./memory.ts";
import { FILL, LAUNCH, MULTIPLY, type NativeDevice, type NativeGraph } from "./native.ts";
import type { KernelNumbers } from "./programs.ts";
import type { Workspaces } from "./workspaces.ts";

/** A program that is ready to be planned for whatever sizes it is given. */
export interface LoadedProgram {
  readonly program: StepProgram;
  readonly memory: StepMemory;
  /** By kernel. */
  readonly sources: readonly KernelSource[];
  /** By kernel: the product that a library may compute in its place. */
  readonly forms: readonly (ProductForm | undefined)[];
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
  /** None where no library computes them. */
  readonly products: Products | undefined;
  readonly poison: boolean;
}

/** A word of the table that is the address of a memory from outside. */
interface Given {
  readonly word: number;
  readonly memory: number;
}

/** A number among the commands that is an address in a memory from outside. */
interface Moving {
  readonly at: number;
  readonly memory: number;
  readonly offset: number;
}

/** Bytes of a word of a table. */
const WORD = 8;
/** Sets of addresses that a plan keeps a graph for, or remembers to have run with. */
const MAX_GRAPHS = 8;

/**
 * What a program does for given sizes: launches whose tables say where everything lies, and products that a library computes. From
 * the second run on it is one graph. Arguments that lie elsewhere are written into the tables before; but a library is told addresses when
 * it is called, so that for other ones of its own there is another graph, which is made when they come the second time. Memory that is
 * given back is given out again, so that few sets of addresses take turns, and copying an argument would cost more each time.
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
  readonly #moving: readonly Moving[];
  /** By the addresses that the library is told, the ones of the last run at the end; undefined where these have come once. */
  readonly #graphs = new Map<string, NativeGraph | undefined>();
  #addresses: number[] = [];
  #written = false;

  constructor(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>, host: PlanHost) {
    const { program, memory, sources, forms } = loaded;
    const largest = () => largestTensors(program, dims);
    const works = worksOf(program, memory, sources, dims, () => deviceKernels);
    const products = works.works.map((work) => multiplicationsOf(work, forms, host.products));
    if (debugs("kernels")) for (const { said } of products) if (said !== undefined) console.error(said);
    const arena = Math.ceil(layout.arenaBytes / ALIGNMENT) * ALIGNMENT;
    const scratch = Math.max(0, ...products.flatMap(({ calls }) => calls.map(({ workspaceBytes }) => workspaceBytes)));
    this.#host = host;
    this.#guards = works.guards === 0 ? undefined : host.memory.alloc(4 * works.guards, largest);
    try {
      this.#workspace = host.workspaces.lend(arena + scratch, largest);
    } catch (error) {
      if (this.#guards !== undefined) host.memory.free(this.#guards);
      throw error;
    }
    const { address, size } = this.#workspace;
    const calls = products.map((product) => product.calls);
    const table = new TableWriter(loaded, layout, works, calls, address, this.#guards?.address ?? 0);
    this.#words = table.words;
    this.#given = table.given;
    this.#table = host.memory.alloc(Math.max(WORD, this.#words.byteLength), largest);
    const poison = host.poison && layout.arenaBytes > 0 ? [FILL, address, 0xff, size] : [];
    const commands = table.commands(this.#table.address, address + arena, poison);
    this.#commands = Float64Array.from(commands.numbers);
    this.#moving = commands.moving;
  }

  /** Starts a run. */
  run(outside: readonly (Block | undefined)[]): void {
    this.#place(outside);
    const { device } = this.#host;
    if (this.#commands.length === 0) return;
    const aim = this.#aim(outside);
    const known = this.#graphs.has(aim);
    const graph = this.#graphs.get(aim) ?? (known ? device.record(this.#commands) : undefined);
    this.#remember(aim, graph);
    // a library may load what it needs when it is first called, which nobody may during a recording
    if (graph === undefined) device.enqueue(this.#commands);
    else graph.launch();
  }

  drop(): void {
    const { memory, workspaces } = this.#host;
    for (const graph of this.#graphs.values()) graph?.dispose();
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

  /** Writes the addresses of arguments into the commands of the library; gives them as one text. */
  #aim(outside: readonly (Block | undefined)[]): string {
    let text = "";
    for (const { at, memory, offset } of this.#moving) {
      const address = outside[memory]!.address + offset;
      this.#commands[at] = address;
      text += `${address} `;
    }
    return text;
  }

  #remember(aim: string, graph: NativeGraph | undefined): void {
    this.#graphs.delete(aim);
    const [oldest] = this.#graphs.keys();
    if (this.#graphs.size >= MAX_GRAPHS) {
      this.#graphs.get(oldest!)?.dispose();
      this.#graphs.delete(oldest!);
    }
    this.#graphs.set(aim, graph);
  }
}

function setAddress(words: Uint32Array, word: number, address: number): void {
  words[2 * word] = address % 2 ** 32;
  words[2 * word + 1] = Math.floor(address / 2 ** 32);
}

/** A launch whose rows begin at a word of the tables. */
interface TableLaunch {
  readonly kernel: number;
  readonly blocks: number;
  readonly threads: number;
  readonly word: number;
  readonly rows: number;
}

/** Lays out the tables of works, one after the other, and writes the commands around them. */
class TableWriter {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly given: Given[] = [];
  readonly #steps: (TableLaunch | Multiplication)[] = [];
  /** Where a memory lies; undefined for those from outside. */
  readonly #addressOf: (memory: number) => number | undefined;

  constructor(
    { program, memory, numbers, constants }: LoadedProgram,
    layout: MemoryLayout,
    { works }: Works<KernelSource>,
    calls: readonly (readonly Multiplication[])[],
    arena: number,
    guards: number,
  ) {
    const launched = works.map((work, i) => (calls[i]!.length > 0 ? 0 : rowWords(work.source) * work.instances.length));
    this.words = new Uint32Array(2 * launched.reduce((sum, n) => sum + n, 0));
    const guardMemory = memory.memories.length;
    this.#addressOf = (m) => {
      if (m === guardMemory) return guards;
      const offset = layout.offsets[m]!;
      return constants.get(m)?.address ?? (offset >= 0 ? arena + offset : undefined);
    };
    let word = 0;
    const address = (m: number): void => {
      const known = this.#addressOf(m);
      if (known === undefined) this.given.push({ word, memory: m });
      else setAddress(this.words, word, known);
      word++;
    };
    const number = (n: number): void => {
      this.words[2 * word++] = n; // the kernel takes the lower half
    };
    for (const [i, work] of works.entries()) {
      if (calls[i]!.length > 0) {
        this.#steps.push(...calls[i]!);
        continue;
      }
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
      this.#steps.push({ kernel, blocks, threads: source.threads, word: start, rows: instances.length });
    }
  }

  /** The commands behind those that come first, and which of their numbers are addresses from outside. */
  commands(
    table: number,
    workspace: number,
    first: readonly number[],
  ): { readonly numbers: readonly number[]; readonly moving: readonly Moving[] } {
    const numbers = [...first];
    const moving: Moving[] = [];
    for (const step of this.#steps) {
      if ("kernel" in step) {
        numbers.push(LAUNCH, step.kernel, step.blocks, step.threads, table + WORD * step.word, step.rows);
        continue;
      }
      numbers.push(MULTIPLY, step.product);
      for (const operand of step.operands) {
        const address = operand === undefined ? 0 : this.#addressOf(operand.memory);
        if (address === undefined) moving.push({ at: numbers.length, ...operand! });
        numbers.push((address ?? 0) + (operand?.offset ?? 0));
      }
      numbers.push(workspace);
    }
    return { numbers, moving };
  }
}

function kernelNumber(numbers: KernelNumbers, { source }: Work<KernelSource>, program: StepProgram): number {
  const found = numbers.get(source.symbol);
  if (found === undefined) throw new Error(`${program.signature.entry}: ${source.name} is not loaded`);
  return found;
}

import { debugs } from "@tenon/backend";
import type { MemoryLayout, StepMemory, StepProgram } from "@tenon/lowering";
import { largestTensors, type Work, worksOf } from "@tenon/lowering/threads";
import { type MaybeForm, multiplicationsOf } from "./blas/multiplications.ts";
import type { Products } from "./blas/products.ts";
import type { KernelSource } from "./cuda/source.ts";
import { deviceKernels } from "./device-kernels.ts";
import type { Attentions } from "./dnn/attention.ts";
import { computationsOf } from "./dnn/computations.ts";
import type { MaybeAttention } from "./dnn/form.ts";
import { ALIGNMENT, type Block, type Memory } from "./memory.ts";
import { FILL, firstLine, isFailure, type NativeDevice, type NativeFailure, type NativeGraph } from "./native.ts";
import type { KernelNumbers, Programs } from "./programs.ts";
import { type Call, type Given, type Moving, setAddress, TableWriter, WORD } from "./tables.ts";
import type { Workspaces } from "./workspaces.ts";

/** A program that is ready to be planned for whatever sizes it is given. */
export interface LoadedProgram {
  readonly program: StepProgram;
  readonly memory: StepMemory;
  /** By kernel. */
  readonly sources: readonly KernelSource[];
  /** By kernel: the product that a library may compute in its place. */
  readonly forms: readonly MaybeForm[];
  /** By kernel: the attention that a library may compute in its place. */
  readonly attentions: readonly MaybeAttention[];
  /** Of the kernels that were compiled beforehand. */
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
  readonly programs: Programs;
  /** None where no library computes them. */
  readonly products: Products | undefined;
  readonly attentions: Attentions | undefined;
  readonly poison: boolean;
  /** Whether each launch is waited for. */
  readonly wait: boolean;
  /** The error of a launch, or of one of several that nobody has waited for. */
  failed(failure: NativeFailure, launches: readonly string[]): Error;
}

/** Sets of addresses that a plan keeps a graph for, or remembers to have run with. */
const MAX_GRAPHS = 8;

/**
 * What a program does for given sizes: launches whose tables say where everything lies, and calls of libraries in their place. From
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
  /** Where the commands of each work end. */
  readonly #ends: readonly number[];
  readonly #works: readonly Work<KernelSource>[];
  /** By the addresses that the library is told, the ones of the last run at the end; undefined where these have come once. */
  readonly #graphs = new Map<string, NativeGraph | undefined>();
  #aimed = "";
  #addresses: number[] = [];
  #written = false;
  #isUnrecordable = false;

  constructor(loaded: LoadedProgram, layout: MemoryLayout, dims: ReadonlyMap<string, number>, host: PlanHost) {
    const { program, memory, sources, forms, attentions } = loaded;
    const largest = () => largestTensors(program, dims);
    const works = worksOf(program, memory, sources, dims, () => deviceKernels);
    const arena = Math.ceil(layout.arenaBytes / ALIGNMENT) * ALIGNMENT;
    const numberOf = (source: KernelSource): number =>
      loaded.numbers.get(source.symbol) ?? host.programs.numberNow(source);
    this.#host = host;
    this.#works = works.works;
    const undo = [() => this.#leave()];
    try {
      const calls = works.works.map((work): readonly Call[] => {
        const products = multiplicationsOf(work, forms, host.products, this);
        const computations = computationsOf(work, attentions, host.attentions, this);
        if (debugs("kernels"))
          for (const { said } of [products, computations]) if (said !== undefined) console.error(said);
        return [...products.calls, ...computations.calls];
      });
      const scratch = Math.max(0, ...calls.flat().map(({ workspaceBytes }) => workspaceBytes));
      if (works.guards > 0) {
        const guards = host.memory.alloc(4 * works.guards, largest);
        this.#guards = guards;
        undo.push(() => host.memory.free(guards));
      }
      const workspace = host.workspaces.lend(arena + scratch, largest);
      this.#workspace = workspace;
      undo.push(() => host.workspaces.giveBack(workspace));
      const { address } = workspace;
      const table = new TableWriter(loaded, layout, works, calls, numberOf, address, this.#guards?.address ?? 0);
      this.#words = table.words;
      this.#given = table.given;
      this.#table = host.memory.alloc(Math.max(WORD, this.#words.byteLength), largest);
      const poison = host.poison && layout.arenaBytes > 0 ? [FILL, address, 0xff, workspace.size] : [];
      const commands = table.commands(this.#table.address, address + arena, poison);
      this.#commands = Float64Array.from(commands.numbers);
      this.#moving = commands.moving;
      this.#ends = commands.ends;
    } catch (error) {
      for (const step of undo) step();
      throw error;
    }
  }

  /** The kernels that it launches, each with the ops and layers that it comes from. */
  get launches(): readonly string[] {
    return this.#works.map(describe);
  }

  /** Starts a run. */
  run(outside: readonly (Block | undefined)[]): void {
    this.#place(outside);
    const { device } = this.#host;
    if (this.#commands.length === 0) return;
    const aim = this.#aim(outside);
    if (this.#host.wait) {
      this.#runOneByOne();
      return;
    }
    const known = this.#graphs.has(aim);
    const graph = this.#graphs.get(aim) ?? (known ? this.#recorded() : undefined);
    this.#remember(aim, graph);
    // a library may load what it needs when it is first called, which nobody may during a recording
    if (graph === undefined) device.enqueue(this.#commands);
    else graph.launch();
  }

  /** The commands as a graph; none where a library cannot be recorded, which is then called in each run. */
  #recorded(): NativeGraph | undefined {
    if (this.#isUnrecordable) return undefined;
    try {
      return this.#host.device.record(this.#commands);
    } catch (error) {
      if (!isFailure(error)) throw error; // a device that has failed tells of it when the commands are enqueued
      if (debugs("kernels")) console.error(`a step is no graph: ${firstLine(error)}`);
      this.#isUnrecordable = true;
      return undefined;
    }
  }

  drop(): void {
    const { memory, workspaces } = this.#host;
    for (const graph of this.#graphs.values()) graph?.dispose();
    workspaces.giveBack(this.#workspace);
    memory.free(this.#table);
    if (this.#guards !== undefined) memory.free(this.#guards);
    this.#leave();
  }

  /** Gives up what the libraries have made ready for it. */
  #leave(): void {
    this.#host.products?.leave(this);
    this.#host.attentions?.leave(this);
  }

  #runOneByOne(): void {
    const { device, failed } = this.#host;
    let from = 0;
    for (const [i, to] of this.#ends.entries()) {
      try {
        device.enqueue(this.#commands.subarray(from, to));
        device.wait();
      } catch (error) {
        if (!isFailure(error)) throw error;
        throw failed(error, [describe(this.#works[i]!)]);
      }
      from = to;
    }
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
    let moved = false;
    for (const { at, memory, offset } of this.#moving) {
      const address = outside[memory]!.address + offset;
      if (this.#commands[at] === address) continue;
      this.#commands[at] = address;
      moved = true;
    }
    if (moved) this.#aimed = this.#moving.map(({ at }) => this.#commands[at]).join(" ");
    return this.#aimed;
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

/** A launch for people: `dot+add in encoder.dense1 (model.ts:40)`. */
function describe({ source, launch }: Work<KernelSource>): string {
  const { scopes = [], source: line } = launch?.origin ?? {};
  const at = scopes.length === 0 ? "" : ` in ${[...new Set(scopes)].join(", ")}`;
  return `${source.name}${at}${line === undefined ? "" : ` (${line})`}`;
}

import type { MemoryLayout } from "@tenon/lowering";
import type { Works } from "@tenon/lowering/threads";
import type { CallOperand, Multiplication } from "./blas/multiplications.ts";
import { type KernelSource, rowWords } from "./cuda/source.ts";
import type { Computation } from "./dnn/computations.ts";
import { COMPUTE, LAUNCH, MULTIPLY } from "./native.ts";
import type { LoadedProgram } from "./plan.ts";

/** A word of the table that is the address of a memory from outside. */
export interface Given {
  readonly word: number;
  readonly memory: number;
}

/** A number among the commands that is an address in a memory from outside. */
export interface Moving {
  readonly at: number;
  readonly memory: number;
  readonly offset: number;
}

export interface Commands {
  readonly numbers: readonly number[];
  readonly moving: readonly Moving[];
  /** Where those of each work end. */
  readonly ends: readonly number[];
}

/** Bytes of a word of a table. */
export const WORD = 8;

export function setAddress(words: Uint32Array, word: number, address: number): void {
  words[2 * word] = address % 2 ** 32;
  words[2 * word + 1] = Math.floor(address / 2 ** 32);
}

/** A call of a library that stands for a launch. */
export type Call = Multiplication | Computation;

/** A launch whose rows begin at a word of the tables. */
interface TableLaunch {
  readonly kernel: number;
  readonly blocks: number;
  readonly threads: number;
  readonly word: number;
  readonly rows: number;
}

/** Lays out the tables of works, one after the other, and writes the commands around them. */
export class TableWriter {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly given: Given[] = [];
  /** By work: its launch, or the calls that stand for it. */
  readonly #steps: (readonly (TableLaunch | Call)[])[] = [];
  /** Where a memory lies; undefined for those from outside. */
  readonly #addressOf: (memory: number) => number | undefined;

  constructor(
    { memory, constants }: LoadedProgram,
    layout: MemoryLayout,
    { works }: Works<KernelSource>,
    calls: readonly (readonly Call[])[],
    numberOf: (source: KernelSource) => number,
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
        this.#steps.push(calls[i]!);
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
      const rows = instances.length;
      this.#steps.push([{ kernel: numberOf(source), blocks, threads: source.threads, word: start, rows }]);
    }
  }

  /** The commands, behind those that come first. */
  commands(table: number, workspace: number, first: readonly number[]): Commands {
    const numbers = [...first];
    const moving: Moving[] = [];
    const ends: number[] = [];
    const push = (operands: readonly (CallOperand | undefined)[]): void => {
      for (const operand of operands) {
        const address = operand === undefined ? 0 : this.#addressOf(operand.memory);
        if (address === undefined) moving.push({ at: numbers.length, ...operand! });
        numbers.push((address ?? 0) + (operand?.offset ?? 0));
      }
    };
    for (const steps of this.#steps) {
      for (const step of steps) {
        if ("product" in step) {
          numbers.push(MULTIPLY, step.product);
          push(step.operands);
          numbers.push(workspace);
        } else if ("computation" in step) {
          numbers.push(COMPUTE, step.computation, workspace);
          push(step.operands);
        } else numbers.push(LAUNCH, step.kernel, step.blocks, step.threads, table + WORD * step.word, step.rows);
      }
      ends.push(numbers.length);
    }
    return { numbers, moving, ends };
  }
}

import { dtypes } from "@tenon/ir";
import {
  type Copy,
  type Index,
  type Item,
  type Kernel,
  type Launch,
  type StepMemory,
  type StepProgram,
  type Stretch,
  substituteIndex,
} from "@tenon/lowering";
import type { FunctionBuilder } from "./assembler/function.ts";
import { ModuleBuilder } from "./assembler/module.ts";
import type { Func, Local, Operand } from "./assembler/values.ts";
import { IndexCode, type Size } from "./index-code.ts";

/**
 * A kernel as a function: of the byte address of each slot, each scalar, then, where it wants one, the address of scratch
 * memory, then, where it can be divided, the first of its parts to compute and the one after the last.
 */
export interface KernelFunction {
  readonly func: Func;
  readonly scratch: boolean;
  /** How many parts there are, as an expression in the kernel's scalars. */
  readonly parts: Index | undefined;
}

export type WriteKernel = (kernel: Kernel) => KernelFunction;

const MEMORY_LIMITS = { initial: 1, maximum: 65_536 }; // pages of 64 KiB: whatever the imported memory has

/**
 * The places of a program's table of 32-bit words, by which a run is told where everything is: the address of each planned
 * memory, that of scratch memory, then the values of the symbols.
 */
export const tableWords = ({ memories }: StepMemory, { signature }: StepProgram): number =>
  memories.length + 1 + signature.symbols.length;

/**
 * A module of a program's kernels and of `run(table)`, which launches them. Neither sizes nor addresses stand in it: what
 * changes from run to run is read from the table.
 */
export function stepModule(
  program: StepProgram,
  memory: StepMemory,
  writer: (m: ModuleBuilder) => WriteKernel,
): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory("host", "memory", MEMORY_LIMITS);
  const kernels = program.kernels.map(writer(m));
  const run = m.func("run", { params: { table: "i32" } }, (f, { table }) => {
    new StepWriter(f, table, program, memory, kernels).run();
  });
  m.export("run", run);
  return m.toBytes();
}

class StepWriter {
  readonly #f: FunctionBuilder;
  readonly #table: Local<"i32">;
  readonly #program: StepProgram;
  readonly #memory: StepMemory;
  readonly #kernels: readonly KernelFunction[];
  readonly #index: IndexCode;

  constructor(
    f: FunctionBuilder,
    table: Local<"i32">,
    program: StepProgram,
    memory: StepMemory,
    kernels: readonly KernelFunction[],
  ) {
    this.#f = f;
    this.#table = table;
    this.#program = program;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#index = new IndexCode(f);
  }

  run(): void {
    const first = this.#memory.memories.length + 1;
    for (const [i, { name }] of this.#program.signature.symbols.entries())
      this.#index.bind(name, this.#f.let(this.#word(first + i)));
    this.#items(this.#memory.items);
  }

  #items(items: readonly Item[]): void {
    for (const item of items) this.#item(item);
  }

  #item(item: Item): void {
    const f = this.#f;
    const { i32 } = f;
    switch (item.kind) {
      case "launch":
        this.#launch(item);
        break;
      case "copy":
        this.#copy(item);
        break;
      case "loop": {
        const { variable, length, body } = item;
        const counter = f.local("i32");
        f.set(counter, 0);
        this.#index.bind(variable.name, counter);
        const end = this.#index.of(length);
        f.block((exit) => {
          f.loop((again) => {
            f.brIf(exit, i32.ge_s(counter, end));
            this.#items(body);
            f.set(counter, i32.add(counter, 1));
            f.br(again);
          });
        });
        break;
      }
      case "branch": {
        const index = f.let(i32.load(this.#place(item.index, 4)));
        const last = item.branches.length - 1;
        f.block((exit) => {
          for (const [i, branch] of item.branches.slice(0, last).entries()) {
            f.if(i32.le_s(index, i), () => {
              this.#items(branch);
              f.br(exit);
            });
          }
          this.#items(item.branches[last]!);
        });
        break;
      }
      case "while": {
        const { condition, flag, body, most } = item;
        const trips = f.local("i32");
        f.set(trips, 0);
        this.#items(condition);
        f.block((exit) => {
          f.loop((again) => {
            f.brIf(exit, i32.eqz(i32.load8_u(this.#address(flag))));
            if (most !== undefined) {
              f.brIf(exit, i32.ge_s(trips, most));
              f.set(trips, i32.add(trips, 1));
            }
            this.#items(body);
            this.#items(condition);
            f.br(again);
          });
        });
      }
    }
  }

  #launch({ kernel, instances }: Launch): void {
    const { func, scratch, parts } = this.#kernels[kernel]!;
    const parameters = this.#program.kernels[kernel]!.scalars;
    for (const { buffers, scalars } of instances) {
      const given = new Map<Index, Index>(parameters.map((x, i) => [x, scalars[i]!]));
      const numbers = scalars.map((x) => this.#index.of(x));
      const all = parts === undefined ? [] : [0, this.#index.of(substituteIndex(parts, given))];
      // what lies on the stack is taken in the order in which it was computed
      const addresses = buffers.map((b) => this.#address(b));
      const own = scratch ? [this.#word(this.#memory.memories.length)] : [];
      this.#f.call(func, ...addresses, ...numbers, ...own, ...all);
    }
  }

  #copy({ from, to, elements }: Copy): void {
    const { buffers } = this.#program;
    const { memoryOf } = this.#memory;
    if (memoryOf[from.buffer] === memoryOf[to.buffer] && from.start === to.start) return;
    const bytes = dtypes[buffers[to.buffer]!.dtype].byteLength;
    const length = this.#index.scaled(elements, bytes);
    const [source, target] = [from, to].map((stretch) => this.#place(stretch, bytes)) as [Size, Size];
    this.#f.memory.copy(target, source, length);
  }

  /** The address of an element. */
  #place({ buffer, start }: Stretch, bytes: number): Size {
    const f = this.#f;
    const offset = this.#index.scaled(start, bytes);
    return f.let(f.i32.add(this.#address(buffer), offset));
  }

  #address(buffer: number): Operand<"i32"> {
    return this.#word(this.#memory.memoryOf[buffer]!);
  }

  #word(place: number): Operand<"i32"> & object {
    return this.#f.i32.load(this.#table, 4 * place);
  }
}

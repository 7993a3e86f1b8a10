import { dtypes } from "@tenon/ir";
import {
  type Index,
  type Item,
  type Kernel,
  type StepMemory,
  type StepProgram,
  type Stretch,
  substituteIndex,
} from "@tenon/lowering";
import type { FunctionBuilder } from "./assembler/function.ts";
import { ModuleBuilder } from "./assembler/module.ts";
import type { Expression, Func, Local } from "./assembler/values.ts";
import { IndexCode, type Size } from "./index-code.ts";
import { rare } from "./parts.ts";

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
  const run = m.func("run", { params: { table: "i32" } }, (f, { table }) =>
    writeStep(f, table, program, memory, kernels),
  );
  m.export("run", run);
  return m.toBytes();
}

/** What items are written with. */
export interface StepCode {
  readonly f: FunctionBuilder;
  readonly index: IndexCode;
  items(list: readonly Item[]): void;
  /** The address of a buffer, and that of an element of so many bytes. */
  address(buffer: number): Expression<"i32">;
  place(stretch: Stretch, bytes: number): Size;
}

function writeStep(
  f: FunctionBuilder,
  table: Local<"i32">,
  { kernels: programs, buffers: specs, signature }: StepProgram,
  { items: all, memories, memoryOf }: StepMemory,
  kernels: readonly KernelFunction[],
): void {
  const { i32 } = f;
  const index = new IndexCode(f);
  const word = (place: number): Expression<"i32"> => i32.load(table, 4 * place);
  const address = (buffer: number): Expression<"i32"> => word(memoryOf[buffer]!);
  const place = ({ buffer, start }: Stretch, bytes: number): Size =>
    f.let(i32.add(address(buffer), index.scaled(start, bytes)));

  const write = (item: Item): void => {
    if (item.kind === "launch") {
      const { func, scratch, parts } = kernels[item.kernel]!;
      const parameters = programs[item.kernel]!.scalars;
      for (const { buffers, scalars } of item.instances) {
        const given = new Map<Index, Index>(parameters.map((x, i) => [x, scalars[i]!]));
        const numbers = scalars.map((x) => index.of(x));
        const range = parts === undefined ? [] : [0, index.of(substituteIndex(parts, given))];
        // what lies on the stack is taken in the order in which it was computed
        f.call(func, ...buffers.map(address), ...numbers, ...(scratch ? [word(memories.length)] : []), ...range);
      }
    } else if (item.kind === "copy") {
      const { from, to, elements } = item;
      if (memoryOf[from.buffer] === memoryOf[to.buffer] && from.start === to.start) return;
      const bytes = dtypes[specs[to.buffer]!.dtype].byteLength;
      const length = index.scaled(elements, bytes);
      const [source, target] = [place(from, bytes), place(to, bytes)];
      f.memory.copy(target, source, length);
    } else rare.now.writeControl(code, item);
  };
  const code: StepCode = { f, index, items: (list) => list.forEach(write), address, place };
  for (const [i, { name }] of signature.symbols.entries()) index.bind(name, f.let(word(memories.length + 1 + i)));
  code.items(all);
}

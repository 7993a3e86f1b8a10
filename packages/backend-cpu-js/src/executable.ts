import type { MemoryLayout, StepMemory, StepProgram } from "@tenon/lowering";
import { compileModule } from "./compile-module.ts";
import { engine } from "./engine.ts";
import type { Block, Memory } from "./memory.ts";
import { mathImports } from "./render/index.ts";
import { tableWords } from "./step.ts";

/** A program as machine code, with what it keeps in the memory. */
export interface LoadedProgram {
  readonly program: StepProgram;
  readonly memory: StepMemory;
  readonly run: (table: number) => void;
  readonly table: Block;
  /** By number of the planned memory. */
  readonly constants: ReadonlyMap<number, Block>;
}

/** Compiles the bytes of a program's module, and puts its constants into the memory. */
export async function loadProgram(
  heap: Memory,
  program: StepProgram,
  memory: StepMemory,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<LoadedProgram> {
  const { Instance } = engine();
  const instance = new Instance(await compileModule(bytes), { host: { memory: heap.engine }, math: mathImports });
  const constants = new Map<number, Block>();
  for (const [m, { outside }] of memory.memories.entries()) {
    const place = outside === undefined ? undefined : program.buffers[outside]!.place;
    if (place?.kind !== "constant") continue;
    const block = heap.alloc(place.data.byteLength);
    heap.view(block).set(place.data);
    constants.set(m, block);
  }
  const table = heap.alloc(4 * tableWords(memory, program));
  return { program, memory, run: instance.exports.run as (table: number) => void, table, constants };
}

export function unloadProgram(heap: Memory, { table, constants }: LoadedProgram): void {
  for (const block of [table, ...constants.values()]) heap.free(block);
}

/** Tells the program where everything is, and runs it. */
export function runProgram(
  heap: Memory,
  { program, run, table, constants }: LoadedProgram,
  layout: MemoryLayout,
  arena: Block,
  outside: readonly (Block | undefined)[],
  dims: ReadonlyMap<string, number>,
): void {
  const { words } = heap;
  let at = table.address / 4;
  for (const [m, offset] of layout.offsets.entries())
    words[at++] = offset >= 0 ? arena.address + offset : ((outside[m] ?? constants.get(m))?.address ?? 0);
  words[at++] = arena.address + layout.scratchOffset;
  for (const { name } of program.signature.symbols) words[at++] = dims.get(name)!;
  run(table.address);
}

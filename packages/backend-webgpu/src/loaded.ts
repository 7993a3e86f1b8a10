import type { StepMemory, StepProgram } from "@tenon/lowering";
import type { Memory, Range } from "./memory.ts";
import type { Plan } from "./plan.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** A program that is ready to be planned for whatever sizes it is given. */
export interface LoadedProgram {
  readonly program: StepProgram;
  readonly memory: StepMemory;
  /** By kernel. */
  readonly sources: readonly KernelSource[];
  /** By number of the planned memory; written on the device of that generation. */
  readonly constants: Map<number, Range>;
  generation: number;
  /** By the layout that they are for, the one that was used last at the end. */
  readonly plans: Map<object, Plan>;
}

/** What a memory holds from outside of the plan, by number: the place of its buffer. */
export const placeOf = ({ program, memory }: Pick<LoadedProgram, "program" | "memory">, m: number) => {
  const { outside } = memory.memories[m]!;
  return outside === undefined ? undefined : program.buffers[outside]!.place;
};

/** Whether a memory is that of an argument or a result, which may lie elsewhere in the next run. */
export function isArgument(loaded: Pick<LoadedProgram, "program" | "memory">, m: number): boolean {
  const kind = m < loaded.memory.memories.length ? placeOf(loaded, m)?.kind : undefined;
  return kind === "input" || kind === "result";
}

/** Puts the constants into the memory of the device that there is. */
export function writeConstants(loaded: LoadedProgram, memory: Memory, generation: number): void {
  if (loaded.generation === generation) return;
  for (const m of loaded.memory.memories.keys()) {
    const place = placeOf(loaded, m);
    if (place?.kind !== "constant") continue;
    let range = loaded.constants.get(m);
    if (range === undefined) loaded.constants.set(m, (range = memory.alloc(place.data.byteLength)));
    memory.write(range.home, wholeWords(place.data), range.offset);
  }
  loaded.generation = generation;
}

/** The bytes, filled up to a multiple of 4. */
export function wholeWords(data: Uint8Array): Uint8Array {
  if (data.byteLength % 4 === 0) return data;
  const words = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  words.set(data);
  return words;
}

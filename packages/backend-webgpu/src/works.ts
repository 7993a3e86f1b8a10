import { dtypes } from "@tenon/ir";
import type { StepMemory, StepProgram } from "@tenon/lowering";
import * as threads from "@tenon/lowering/threads";
import { rare } from "./parts.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** A kernel to run on memories by number, with everything known but where these lie. */
export interface Work extends threads.Work<KernelSource> {
  readonly instances: readonly WorkInstance[];
}

export interface WorkInstance extends threads.WorkInstance {
  /** Words of the buffers, by slot, for a kernel that is sized: those that do not depend on symbols. */
  readonly words?: readonly (number | undefined)[];
}

export interface Works extends threads.Works<KernelSource> {
  readonly works: readonly Work[];
}

/** Bytes above which a buffer is no device's, and no array of WGSL. */
const MAX_SIZED = 2 ** 31;

/** What copies and decides on the device. */
export const deviceKernels = (): threads.WorkKernels<KernelSource> => rare.now.deviceKernels;

/** What a run does, in order. */
export function worksOf(
  program: StepProgram,
  memory: StepMemory,
  sources: readonly KernelSource[],
  dims: ReadonlyMap<string, number>,
): Works {
  const { works, guards } = threads.worksOf(program, memory, sources, dims, deviceKernels);
  const sized = (instance: WorkInstance): WorkInstance =>
    instance.buffers === undefined
      ? instance
      : { ...instance, words: instance.buffers.map((buffer) => wordsOf(program, buffer)) };
  return {
    guards,
    works: works.map((work) => (work.source.sized ? { ...work, instances: work.instances.map(sized) } : work)),
  };
}

function wordsOf({ buffers }: StepProgram, buffer: number): number | undefined {
  const { dtype, elements } = buffers[buffer]!;
  if (elements.kind !== "constant") return undefined;
  const bytes = elements.value * dtypes[dtype].byteLength;
  return bytes <= MAX_SIZED ? Math.max(1, Math.ceil(bytes / 4)) : undefined;
}

import type { LoopKernel } from "@tenon/lowering";
import { type MappingLimits, renderThreads } from "@tenon/lowering/threads";
import { functionsFor } from "./functions.ts";
import { wgslFor } from "./language.ts";
import type { KernelSource } from "./source.ts";

/** A kernel of loops as WGSL. */
export function renderLoops(kernel: LoopKernel, limits: MappingLimits): KernelSource {
  const { threads, groups, declarations, body } = renderThreads(kernel, wgslFor(kernel.slots), limits);
  return {
    name: kernel.name,
    threads,
    groups,
    scalars: kernel.scalars,
    slots: kernel.slots.map(({ dtype, access }) => ({ dtype, access, vectors: false })),
    declarations: [functionsFor(body), declarations].filter((text) => text !== "").join("\n"),
    body,
  };
}

import type { ClaimedKernel, Kernel, LoopKernel } from "@tenon/lowering";
import { type MappingLimits, renderClaimed, renderThreads, type ThreadCode } from "@tenon/lowering/threads";
import { functionsFor } from "./functions.ts";
import { wgslFor } from "./language.ts";
import type { KernelSource } from "./source.ts";

/** A kernel of loops as WGSL. */
export const renderLoops = (kernel: LoopKernel, limits: MappingLimits): KernelSource =>
  sourceAround(kernel, renderThreads(kernel, wgslFor(kernel.slots), limits));

/** A composite that was kept whole as WGSL. */
export const renderWhole = (kernel: ClaimedKernel): KernelSource =>
  sourceAround(kernel, renderClaimed(kernel, wgslFor(kernel.slots)));

function sourceAround(kernel: Kernel, { threads, groups, declarations, body }: ThreadCode): KernelSource {
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

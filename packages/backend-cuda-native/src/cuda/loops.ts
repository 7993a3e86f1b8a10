import type { ClaimedKernel, Kernel, LoopKernel } from "@tenon/lowering";
import { type MappingLimits, renderClaimed, renderThreads, type ThreadCode } from "@tenon/lowering/threads";
import { cudaFor } from "./language.ts";
import { type KernelSource, kernelSource } from "./source.ts";

const sourceAround = ({ name, scalars, slots }: Kernel, code: ThreadCode): KernelSource =>
  kernelSource({ name, scalars, slots, ...code });

/** A kernel of loops as CUDA C. */
export const renderLoops = (kernel: LoopKernel, limits: MappingLimits): KernelSource =>
  sourceAround(kernel, renderThreads(kernel, cudaFor(kernel.slots), limits));

/** A composite that was kept whole as CUDA C. */
export const renderWhole = (kernel: ClaimedKernel): KernelSource =>
  sourceAround(kernel, renderClaimed(kernel, cudaFor(kernel.slots)));

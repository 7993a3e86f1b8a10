import type { WorkKernels } from "@tenon/lowering/threads";
import { copySource } from "./copy-source.ts";
import { chooseSource, continueSource } from "./guards.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** What copies and decides on the device. */
export const deviceKernels: WorkKernels<KernelSource> = {
  copy: copySource,
  choose: chooseSource,
  proceed: continueSource,
};

import { StateError } from "@tenon/ir";
import type { Kernel } from "@tenon/lowering";
import type { MappingLimits } from "@tenon/lowering/threads";
import { renderDot } from "./kernels/dot.ts";
import { renderLoops, renderWhole } from "./wgsl/loops.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set(["dot"]);

export interface KernelLimits extends MappingLimits, Required<Pick<KernelSource, "sized">> {}

/** A kernel as WGSL. */
export function sourceOf(kernel: Kernel, limits: KernelLimits): KernelSource {
  return { ...rendered(kernel, limits), sized: limits.sized };
}

function rendered(kernel: Kernel, limits: MappingLimits): KernelSource {
  if (kernel.kind === "loops") return renderLoops(kernel, limits);
  if (kernel.kind === "dot") return renderDot(kernel, limits.sharedBytes);
  if (kernel.kind === "claimed") return renderWhole(kernel);
  throw new StateError("E419", kernel.name, "there is no template for sorts here");
}

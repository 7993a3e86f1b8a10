import { StateError } from "@tenon/ir";
import type { Kernel } from "@tenon/lowering";
import type { MappingLimits } from "@tenon/lowering/threads";
import { renderLoops } from "./cuda/loops.ts";
import type { KernelSource } from "./cuda/source.ts";
import { renderClaimed } from "./kernels/claimed.ts";
import { renderProduct } from "./kernels/product.ts";

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set(["dot"]);

export interface DeviceLimits extends MappingLimits {
  /** The first number of the compute capability. */
  readonly major: number;
}

/** A kernel as CUDA C. */
export function sourceOf(kernel: Kernel, limits: DeviceLimits): KernelSource {
  if (kernel.kind === "loops") return renderLoops(kernel, limits);
  if (kernel.kind === "dot") return renderProduct(kernel, limits.major);
  if (kernel.kind === "claimed") return renderClaimed(kernel, limits.major);
  throw new StateError("E419", kernel.name, "there is no template for sorts here");
}

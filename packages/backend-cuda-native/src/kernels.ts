import { StateError } from "@tenon/ir";
import type { Kernel } from "@tenon/lowering";
import type { MappingLimits } from "@tenon/lowering/threads";
import { renderLoops, renderWhole } from "./cuda/loops.ts";
import type { KernelSource } from "./cuda/source.ts";
import { renderDot } from "./kernels/dot.ts";

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set(["dot"]);

/** A kernel as CUDA C. */
export function sourceOf(kernel: Kernel, limits: MappingLimits): KernelSource {
  if (kernel.kind === "loops") return renderLoops(kernel, limits);
  if (kernel.kind === "dot") return renderDot(kernel);
  if (kernel.kind === "claimed") return renderWhole(kernel);
  throw new StateError("E419", kernel.name, "there is no template for sorts here");
}

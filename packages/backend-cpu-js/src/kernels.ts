import { constantIndex, type Index, type Kernel } from "@tenon/lowering";
import type { ModuleBuilder } from "./assembler/module.ts";
import { renderDot } from "./kernels/dot.ts";
import { dotParts, dotScratchBytes } from "./kernels/dot-plan.ts";
import type { Level } from "./kernels/dot-tile.ts";
import { extentOf, importMath, renderLoops } from "./render/index.ts";
import type { WriteKernel } from "./step.ts";

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set(["dot"]);

/** Bytes that a kernel needs for itself while it runs. */
export const scratchBytes = (kernel: Kernel, level: Level): Index =>
  kernel.kind === "dot" ? dotScratchBytes(kernel, level) : constantIndex(0);

/** Writes kernels of every kind into a module that has a memory and no function yet. */
export function kernelWriter(m: ModuleBuilder, { relaxed }: Level): WriteKernel {
  const target = { relaxed, math: importMath(m) };
  return (kernel) => {
    if (kernel.kind === "dot") return { func: renderDot(m, kernel, target), scratch: true, parts: dotParts(kernel) };
    if (kernel.kind === "loops") return { func: renderLoops(m, kernel, target), scratch: false, parts: extentOf(kernel) };
    throw new Error("sort");
  };
}

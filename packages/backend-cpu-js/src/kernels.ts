import { constantIndex, type Index, type Kernel } from "@tenon/lowering";
import type { ModuleBuilder } from "./assembler/module.ts";
import { claimedOp } from "./kernels/claimed.ts";
import { renderDot } from "./kernels/dot.ts";
import { dotParts, dotScratchBytes } from "./kernels/dot-plan.ts";
import type { Level } from "./kernels/dot-tile.ts";
import { rare } from "./parts.ts";
import { extentOf, importMath, renderLoops } from "./render/index.ts";
import type { WriteKernel } from "./step.ts";

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set(["dot", "column sums", "sort"]);

/** Bytes that a kernel needs for itself while it runs. */
export function scratchBytes(kernel: Kernel, level: Level): Index {
  if (kernel.kind === "loops") return constantIndex(0);
  if (kernel.kind === "claimed") return claimedOp(kernel).scratchBytes?.(kernel, level) ?? constantIndex(0);
  return kernel.kind === "dot" ? dotScratchBytes(kernel, level) : rare.now.sortScratchBytes(kernel);
}

/** Writes kernels of every kind into a module that has a memory and no function yet. */
export function kernelWriter(m: ModuleBuilder, { relaxed }: Level): WriteKernel {
  const target = { relaxed, math: importMath(m) };
  return (kernel) => {
    switch (kernel.kind) {
      case "loops":
        return { func: renderLoops(m, kernel, target), scratch: false, parts: extentOf(kernel) };
      case "dot":
        return { func: renderDot(m, kernel, target), scratch: true, parts: dotParts(kernel) };
      case "sort":
        return { func: rare.now.renderSort(m, kernel, target), scratch: true, parts: rare.now.sortParts(kernel) };
      case "claimed":
        return claimedOp(kernel).write(m, kernel, target);
    }
  };
}

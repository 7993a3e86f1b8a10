import { constantIndex, type Index, type Kernel } from "@tenon/lowering";
import type { ModuleBuilder } from "./assembler/module.ts";
import { extentOf, importMath, renderLoops } from "./render/index.ts";
import type { WriteKernel } from "./step.ts";

/** What the processor is asked for. */
export interface Level {
  readonly relaxed: boolean;
}

/** The anchors that have an inner loop of their own here. */
export const templates: ReadonlySet<string> = new Set();

/** Bytes that a kernel needs for itself while it runs. */
export const scratchBytes = (_kernel: Kernel, _level: Level): Index => constantIndex(0);

/** Writes kernels of every kind into a module. */
export function kernelWriter(m: ModuleBuilder, { relaxed }: Level): WriteKernel {
  const target = { relaxed, math: importMath(m) };
  return (kernel) => {
    if (kernel.kind !== "loops") throw new Error("template");
    return { func: renderLoops(m, kernel, target) as never, scratch: false, parts: extentOf(kernel) };
  };
}

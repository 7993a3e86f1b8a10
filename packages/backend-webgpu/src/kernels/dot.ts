import type { DotKernel } from "@tenon/lowering";
import { rare } from "../parts.ts";
import type { KernelSource } from "../wgsl/source.ts";
import { MIN_SHARED, tileOf } from "./dot-tile.ts";
import { renderTiles } from "./dot-tiles.ts";

/** A matrix product, through workgroup memory where there is some: a device has it, a processor that plays one does better without. */
export function renderDot(kernel: DotKernel, sharedBytes: number): KernelSource {
  return sharedBytes < MIN_SHARED ? rare.now.renderRegisters(kernel) : renderTiles(kernel, tileOf(kernel, sharedBytes));
}

import type { DotKernel } from "@tenon/lowering";
import type { KernelSource } from "../wgsl/source.ts";
import { renderRegisters } from "./dot-registers.ts";
import { MIN_SHARED, tileOf } from "./dot-tile.ts";
import { renderTiles } from "./dot-tiles.ts";

/** A matrix product, through workgroup memory where there is some. */
export function renderDot(kernel: DotKernel, sharedBytes: number): KernelSource {
  return sharedBytes < MIN_SHARED ? renderRegisters(kernel) : renderTiles(kernel, tileOf(kernel, sharedBytes));
}

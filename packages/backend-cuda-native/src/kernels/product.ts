import type { DotKernel } from "@tenon/lowering";
import type { KernelSource } from "../cuda/source.ts";
import { renderDot } from "./dot.ts";
import { formatOf, renderMatrix } from "./matrix.ts";
import { matrixTileOf } from "./matrix-tile.ts";

/** The first generation of devices with the instructions of `cuda/matrix.ts`: A100 and its likes. */
export const MATRIX_MAJOR = 8;

/** A product by what suits it on a device of that generation: tensor cores, or sums of each thread. */
export function renderProduct(kernel: DotKernel, major: number): KernelSource {
  const format = formatOf(kernel);
  const tile = matrixTileOf(kernel, major);
  if (format === undefined || tile === undefined || major < MATRIX_MAJOR) return renderDot(kernel);
  return renderMatrix(kernel, format, tile);
}

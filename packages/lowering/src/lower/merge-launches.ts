import type { Kernel } from "../kernel/kernel.ts";
import type { Item } from "../kernel/program.ts";

export function mergeLaunches(items: readonly Item[], _kernels: Kernel[]): readonly Item[] {
  return items;
}

import type { Kernel } from "./kernel.ts";
import type { Item } from "./program.ts";

/** A buffer that an item reads, writes or both. */
export interface Use {
  readonly buffer: number;
  /** Whether the item needs what was written before. */
  readonly reads: boolean;
  readonly writes: boolean;
}

const use = (buffer: number, reads: boolean, writes = !reads): Use => ({ buffer, reads, writes });

/** What an item touches by itself: what it reads, then what it only writes. */
export function usesOf(item: Item, kernels: readonly Kernel[]): readonly Use[] {
  switch (item.kind) {
    case "launch": {
      const { slots } = kernels[item.kernel]!;
      const uses = item.instances.flatMap(({ buffers }) =>
        slots.map(({ access }, i) => use(buffers[i]!, access !== "write", access !== "read")),
      );
      return [...uses.filter(({ reads }) => reads), ...uses.filter(({ reads }) => !reads)];
    }
    case "copy":
      return [use(item.from.buffer, true), use(item.to.buffer, false)];
    case "branch":
      return [use(item.index.buffer, true)];
    case "while":
      return [use(item.flag, true)];
    case "loop":
      return [];
  }
}

/** The items inside of an item. */
export function bodiesOf(item: Item): readonly (readonly Item[])[] {
  if (item.kind === "branch") return item.branches;
  if (item.kind === "while") return [item.condition, item.body];
  return item.kind === "loop" ? [item.body] : [];
}

/** The number of launches that stand in a program, those of loops and branches once. */
export const launchesOf = (items: readonly Item[]): number =>
  items.reduce((count, item) => count + (item.kind === "launch" ? 1 : launchesOf(bodiesOf(item).flat())), 0);

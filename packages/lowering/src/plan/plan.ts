import { entry } from "../entry.ts";
import { constantIndex } from "../index-expression.ts";
import { evaluateIndex, substituteIndex } from "../index-fold.ts";
import type { Index } from "../index-node.ts";
import { bodiesOf } from "../kernel/items.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Item, StepProgram } from "../kernel/program.ts";
import { lifetimesOf } from "./lifetimes.ts";
import { neighboursOf, placeBySize } from "./place.ts";
import { type InPlacePairs, type PlannedMemory, shareMemory } from "./sharing.ts";

export interface PlanOptions {
  /** Offsets are multiples of this, in bytes. */
  readonly align: number;
  /** Bytes that are left free between buffers. */
  readonly guard: number;
  /** What a kernel may write where it reads; nothing by default. */
  readonly inPlace?: InPlacePairs;
  /** Bytes that a kernel needs for itself while it runs, as an expression in its scalars; none by default. */
  readonly scratchBytes?: (kernel: Kernel) => Index;
}

/** Where the buffers of a program are. */
export interface StepMemory {
  /** What is to be done: the program's items, then copies of results that were computed in another place than they belong. */
  readonly items: readonly Item[];
  readonly memories: readonly PlannedMemory[];
  /** For each buffer the number of its memory; −1 where nothing uses it. */
  readonly memoryOf: readonly number[];
  /** The places for given values of the symbols. */
  layout(dims: ReadonlyMap<string, number>): MemoryLayout;
}

/** Bytes of one arena, which a run may use as it likes. */
export interface MemoryLayout {
  readonly arenaBytes: number;
  /** For each memory its offset in the arena; −1 for one from outside. */
  readonly offsets: readonly number[];
  /** What kernels need for themselves, one after the other. */
  readonly scratchOffset: number;
  readonly scratchBytes: number;
  /** Largest number of bytes that a run holds besides its arguments: the arena, the constants, and results of its own. */
  readonly peakBytes: number;
}

/**
 * The memory plan of a program: buffers that are never in use at once share bytes, and what may be computed in place is.
 * What does not depend on sizes is decided here, once.
 */
export function planMemory(program: StepProgram, options: PlanOptions): StepMemory {
  const { align, guard, inPlace = () => [], scratchBytes = () => constantIndex(0) } = options;
  const lifetimes = lifetimesOf(program);
  const { memories, memoryOf, copies } = shareMemory(program, lifetimes, inPlace);
  const placed = memories.flatMap(({ outside }, m) => (outside === undefined ? [m] : []));
  const neighbours = neighboursOf(placed.map((m) => memories[m]!));
  const sizes = new Map<Index, number>();
  const { scratches, loops } = scratchesOf(program, scratchBytes);
  const isArgument = (outside: number): boolean => program.buffers[outside]!.place.kind === "input";
  const rounded = (bytes: number): number => Math.ceil(bytes / align) * align;

  return {
    items: copies.length === 0 ? program.items : [...program.items, ...copies],
    memories,
    memoryOf,
    layout(dims) {
      sizes.clear();
      const value = (x: Index): number =>
        entry(sizes, x, () => (x.kind === "constant" ? x.value : evaluateIndex(x, dims)));
      const bytesOf = (m: PlannedMemory): number => value(m.elements) * m.bytesPerElement;
      const stretches = placed.map((m) => rounded(bytesOf(memories[m]!) + guard));
      const { offsets: found, bytes } = placeBySize(stretches, neighbours);
      const offsets = memories.map(() => -1);
      for (const [i, m] of placed.entries()) offsets[m] = found[i]!;
      // the value of a loop's variable may move a kernel, but does not change the size of what it works on
      const inLoops = loops.size === 0 ? dims : new Map([...dims, ...loops]);
      let scratch = 0;
      for (const x of scratches) scratch = Math.max(scratch, evaluateIndex(x, inLoops));
      const scratchSize = scratch === 0 ? 0 : rounded(scratch + guard);
      let peakBytes = bytes + scratchSize;
      for (const m of memories) if (m.outside !== undefined && !isArgument(m.outside)) peakBytes += bytesOf(m);
      return { arenaBytes: bytes + scratchSize, offsets, scratchOffset: bytes, scratchBytes: scratch, peakBytes };
    },
  };
}

/** What the instances of kernels need for themselves, and the variables of the loops around them, at 0. */
function scratchesOf(
  { items, kernels }: StepProgram,
  scratchBytes: (kernel: Kernel) => Index,
): { readonly scratches: ReadonlySet<Index>; readonly loops: ReadonlyMap<string, number> } {
  const needs = kernels.map(scratchBytes);
  const scratches = new Set<Index>();
  const loops = new Map<string, number>();
  const walk = (item: Item): void => {
    if (item.kind === "loop") loops.set(item.variable.name, 0);
    bodiesOf(item).flat().forEach(walk);
    if (item.kind !== "launch") return;
    const need = needs[item.kernel]!;
    if (need === constantIndex(0)) return;
    const parameters = kernels[item.kernel]!.scalars;
    for (const { scalars } of item.instances) {
      const given = new Map<Index, Index>(parameters.map((x, i) => [x, scalars[i]!]));
      scratches.add([...given].every(([x, y]) => x === y) ? need : substituteIndex(need, given));
    }
  };
  items.forEach(walk);
  return { scratches, loops };
}

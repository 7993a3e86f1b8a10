import { bodiesOf, type Item, neighboursOf, placeBySize, type StepMemory } from "@tenon/lowering";
import { JoinedSets } from "./sets.ts";
import { CELL, MAX_SMALL } from "./slab.ts";

/** Where the temporaries of a run lie: in the slab, or in buffers that nobody else uses during the run. */
export interface Placement {
  /** Memories that are small. */
  readonly small: readonly number[];
  readonly buffers: readonly TemporaryBuffer[];
}

export interface TemporaryBuffer {
  readonly bytes: number;
  /** Whether its memories are ranges of it; otherwise each is all of it, in turn. */
  readonly shared: boolean;
  readonly members: readonly { readonly memory: number; readonly offset: number }[];
}

/**
 * Places memories by their bytes; those with −1 bytes are not the plan's to place. What one launch uses in different instances,
 * such as all gradients, is in one buffer, so that it can be one dispatch. Other large memories have buffers of their own,
 * one for several that are never in use at once.
 */
export function placeTemporaries(memory: StepMemory, bytes: readonly number[], maxBytes: number): Placement {
  const { memories } = memory;
  const placed = [...bytes.keys()].filter((m) => bytes[m]! >= 0);
  const small = placed.filter((m) => bytes[m]! <= MAX_SMALL);
  const alone: number[] = [];
  const buffers: TemporaryBuffer[] = [];
  const large = placed.filter((m) => bytes[m]! > MAX_SMALL);
  for (const members of togetherIn(memory, large)) {
    const ranges = members.map((m) => Math.ceil(bytes[m]! / CELL) * CELL);
    const { offsets, bytes: total } = placeBySize(ranges, neighboursOf(members.map((m) => memories[m]!)));
    if (members.length === 1 || total > maxBytes) alone.push(...members);
    else
      buffers.push({
        bytes: total,
        shared: true,
        members: members.map((m, i) => ({ memory: m, offset: offsets[i]! })),
      });
  }

  const whole: { bytes: number; readonly members: number[] }[] = [];
  for (const m of alone.sort((a, b) => bytes[b]! - bytes[a]! || a - b)) {
    const { first, last } = memories[m]!;
    const free = whole.find(({ members }) =>
      members.every((other) => memories[other]!.last < first || last < memories[other]!.first),
    );
    if (free === undefined) whole.push({ bytes: bytes[m]!, members: [m] });
    else free.members.push(m);
  }
  for (const { bytes, members } of whole)
    buffers.push({ bytes, shared: false, members: members.map((m) => ({ memory: m, offset: 0 })) });
  return { small, buffers };
}

/** The memories in groups that should be ranges of one buffer: those that instances of one launch have in the same slot. */
export function togetherIn({ items, memoryOf }: StepMemory, among: readonly number[]): readonly (readonly number[])[] {
  const sets = new JoinedSets();
  const chosen = new Set(among);
  const walk = (item: Item): void => {
    bodiesOf(item).flat().forEach(walk);
    if (item.kind !== "launch") return;
    for (const slot of item.instances[0]!.buffers.keys()) {
      const members = item.instances.map(({ buffers }) => memoryOf[buffers[slot]!]!).filter((m) => chosen.has(m));
      for (const m of members) sets.join(members[0]!, m);
    }
  };
  items.forEach(walk);
  const groups = new Map<number, number[]>();
  for (const m of among) {
    const least = sets.leastOf(m);
    const group = groups.get(least);
    if (group === undefined) groups.set(least, [m]);
    else group.push(m);
  }
  return [...groups.values()];
}

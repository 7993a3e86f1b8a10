import { type LoadedProgram, placeOf } from "./loaded.ts";
import type { Memory, Range } from "./memory.ts";
import { CELL, MAX_SMALL } from "./slab.ts";
import { togetherIn } from "./temporaries.ts";

/** The large arguments that a program overwrites, in groups of those that one launch works through: parameters, a kind of slots. */
export function donatedTogether(
  loaded: Pick<LoadedProgram, "program" | "memory">,
  bytes: (m: number) => number,
): readonly (readonly number[])[] {
  const { inputs } = loaded.program.signature;
  const donated = [...loaded.memory.memories.keys()].filter((m) => {
    const place = placeOf(loaded, m);
    return place?.kind === "input" && inputs[place.index]!.alias !== undefined && bytes(m) > MAX_SMALL;
  });
  return togetherIn(loaded.memory, donated).filter(({ length }) => length > 1);
}

/**
 * Moves ranges that are to be in one buffer and are not, so that one dispatch serves all of them from then on. Returns
 * whether any has moved.
 */
export function gather(groups: readonly (readonly number[])[], ranges: readonly Range[], memory: Memory): boolean {
  let moved = false;
  for (const group of groups) {
    const members = [...new Set(group.map((m) => ranges[m]!))];
    const total = members.reduce((sum, { bytes }) => sum + cells(bytes), 0);
    if (members.every(({ home }) => home === members[0]!.home) || total > memory.maxBytes) continue;
    memory.moveTogether(members);
    moved = true;
  }
  return moved;
}

const cells = (bytes: number): number => Math.ceil(bytes / CELL) * CELL;

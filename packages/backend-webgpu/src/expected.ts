import { LimitError } from "@tenon/ir";
import { evaluateIndex } from "@tenon/lowering";
import type { DeviceBuffer } from "./device-buffers.ts";
import { type DispatchLimits, type DispatchShape, dispatchesOf } from "./dispatches.ts";
import { isArgument, type LoadedProgram, placeOf } from "./loaded.ts";
import type { Range } from "./memory.ts";
import { MAX_SMALL } from "./slab.ts";
import { placeTemporaries, togetherIn } from "./temporaries.ts";
import { worksOf } from "./works.ts";

/** What symbols are taken for before they have values, within their ranges: it decides which tensors are small. */
const USUAL_SIZES = [32, 128];

/**
 * The dispatches that a program is likely to need: as if arguments that the same launch works through were allocated as a group,
 * other large ones alone, and symbols were of a usual size. A run may find that it needs others.
 */
export function expectedDispatches(
  loaded: Pick<LoadedProgram, "program" | "memory" | "sources">,
  limits: DispatchLimits,
  maxBytes: number,
): readonly DispatchShape[] {
  const { symbols } = loaded.program.signature;
  if (symbols.length === 0) return dispatchesFor(loaded, new Map(), limits, maxBytes);
  return USUAL_SIZES.flatMap((usual) => {
    const sizes = symbols.map(({ name, min, max, multiple }) => {
      const size = Math.min(max, Math.max(min, usual));
      return [name, Math.ceil(size / multiple) * multiple] as const;
    });
    try {
      return dispatchesFor(loaded, new Map(sizes), limits, maxBytes);
    } catch (error) {
      if (error instanceof LimitError) return []; // it may be that smaller sizes come
      throw error;
    }
  });
}

function dispatchesFor(
  loaded: Pick<LoadedProgram, "program" | "memory" | "sources">,
  dims: ReadonlyMap<string, number>,
  limits: DispatchLimits,
  maxBytes: number,
): readonly DispatchShape[] {
  const { program, memory, sources } = loaded;
  const home = (shared: boolean): Pick<Range, "home"> => ({ home: { shared } as DeviceBuffer });
  const slab = home(true);
  const sizes = memory.memories.map(({ elements, bytesPerElement }) => evaluateIndex(elements, dims) * bytesPerElement);
  const isOutside = (m: number): boolean => placeOf(loaded, m) !== undefined;
  const placement = placeTemporaries(
    memory,
    sizes.map((size, m) => (isOutside(m) ? -1 : size)),
    maxBytes,
  );
  const ranges: Pick<Range, "home">[] = sizes.map((size) => (size <= MAX_SMALL ? slab : home(false)));
  for (const { shared, members } of placement.buffers) {
    const here = home(shared);
    for (const { memory: m } of members) ranges[m] = here;
  }
  const large = [...sizes.keys()].filter((m) => isOutside(m) && sizes[m]! > MAX_SMALL);
  for (const members of togetherIn(memory, large)) {
    if (members.length === 1) continue;
    const here = home(true);
    for (const m of members) ranges[m] = here;
  }
  ranges.push(home(false)); // the guards
  return dispatchesOf(worksOf(program, memory, sources, dims).works, ranges, limits, (m) => isArgument(loaded, m));
}

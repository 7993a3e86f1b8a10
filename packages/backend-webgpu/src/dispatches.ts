import { dtypes } from "@tenon/ir";
import type { DeviceBuffer } from "./device-buffers.ts";
import type { Range } from "./memory.ts";
import type { KernelSource, ShaderVariant, SlotPlace } from "./wgsl/source.ts";
import { type TableLayout, tableLayout, tableLength, VECTOR } from "./wgsl/table.ts";
import type { Work, WorkInstance } from "./works.ts";

/** One call of a kernel, serving instances whose slots lie in the same buffers. */
export interface DispatchShape {
  readonly source: KernelSource;
  readonly variant: ShaderVariant;
  /** By binding, a memory that lies in what is bound there. */
  readonly bound: readonly number[];
  readonly guard: number | undefined;
  /** Workgroups along x and y. */
  readonly x: number;
  readonly y: number;
  /** The table, but for the elements at which slots begin. */
  readonly table: Uint32Array<ArrayBuffer>;
  readonly bases: readonly Base[];
}

/** A word of a table: the element at which a memory begins. */
export interface Base {
  readonly word: number;
  readonly memory: number;
  readonly bytesPerElement: number;
}

export interface DispatchLimits {
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxUniformBufferBindingSize: number;
}

/**
 * The dispatches of works, where memories lie in these ranges. Each buffer is bound once, however many slots lie in it, so
 * that none is used in two ways. A slot is based where its buffer holds several ranges, and where it may do so in another run,
 * so that kernels need not be made anew for that. Where the ranges begin does not matter.
 */
export function dispatchesOf(
  works: readonly Work[],
  ranges: readonly Pick<Range, "home">[],
  limits: DispatchLimits,
  moves: (memory: number) => boolean = () => false,
): readonly DispatchShape[] {
  return works.flatMap((work) => {
    const { source, instances, guard } = work;
    const shapes: DispatchShape[] = [];
    for (const group of byHomes(instances, ranges)) {
      const { places, bound } = placesOf(group as [WorkInstance, ...WorkInstance[]], ranges, moves);
      const layout = tableLayout(source, places);
      for (const part of fitting(group, layout, limits)) {
        const several = part.length > 1;
        const variant = {
          places,
          several,
          guarded: guard !== undefined,
          tableLength: tableLength(layout, part.length),
        };
        const { total, table, bases } = tableOf(source, part, layout, variant.tableLength);
        const y = Math.max(1, Math.ceil(total / limits.maxComputeWorkgroupsPerDimension));
        shapes.push({ source, variant, bound, guard, x: Math.ceil(total / y), y, table, bases });
      }
    }
    return shapes;
  });
}

/** Instances whose slots lie in the same buffers, together. */
function byHomes(
  instances: readonly WorkInstance[],
  ranges: readonly Pick<Range, "home">[],
): readonly (readonly WorkInstance[])[] {
  if (instances.length === 1) return [instances];
  const groups = new Map<string, WorkInstance[]>();
  const numbers = new Map<DeviceBuffer, number>();
  for (const instance of instances) {
    let key = "";
    for (const m of instance.memories) {
      const { home } = ranges[m]!;
      if (!numbers.has(home)) numbers.set(home, numbers.size);
      key += `${numbers.get(home)} `;
    }
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [instance]);
    else group.push(instance);
  }
  return [...groups.values()];
}

/** Bindings in the order of the slots that are the first in each. A slot's words are known where it has a buffer of its own. */
function placesOf(
  [{ memories, words }, ...others]: readonly [WorkInstance, ...WorkInstance[]],
  ranges: readonly Pick<Range, "home">[],
  moves: (memory: number) => boolean,
): { readonly places: readonly SlotPlace[]; readonly bound: readonly number[] } {
  const bindings = new Map<DeviceBuffer, number>();
  const bound: number[] = [];
  const places = memories.map((m, s) => {
    const { home } = ranges[m]!;
    let binding = bindings.get(home);
    if (binding === undefined) {
      bindings.set(home, (binding = bindings.size));
      bound.push(m);
    }
    const based = home.shared || moves(m);
    const length = based || others.length > 0 ? undefined : words?.[s];
    return { binding, based, ...(length !== undefined && { words: length }) };
  });
  return { places, bound };
}

/** Instances in portions of which each has room in a table and in a grid. */
function fitting(
  instances: readonly WorkInstance[],
  layout: TableLayout,
  { maxUniformBufferBindingSize, maxComputeWorkgroupsPerDimension: side }: DispatchLimits,
): readonly (readonly WorkInstance[])[] {
  const portions: WorkInstance[][] = [[]];
  let groups = 0;
  for (const instance of instances) {
    const last = portions.at(-1)!;
    const bytes = 4 * VECTOR * tableLength(layout, last.length + 1);
    if (last.length > 0 && (bytes > maxUniformBufferBindingSize || groups + instance.groups > side * side)) {
      portions.push([instance]);
      groups = instance.groups;
    } else {
      last.push(instance);
      groups += instance.groups;
    }
  }
  return portions;
}

function tableOf(
  { slots }: KernelSource,
  instances: readonly WorkInstance[],
  { stride, scalars, bases: words }: TableLayout,
  length: number,
): { readonly total: number; readonly table: Uint32Array<ArrayBuffer>; readonly bases: readonly Base[] } {
  const table = new Uint32Array(VECTOR * length);
  const bases: Base[] = [];
  let total = 0;
  for (const [i, instance] of instances.entries()) {
    const start = VECTOR * (1 + stride * i);
    table[start] = total;
    total += instance.groups;
    for (const [s, word] of scalars.entries()) table[start + word] = instance.scalars[s]!;
    for (const [s, word] of words.entries())
      if (word !== undefined)
        bases.push({
          word: start + word,
          memory: instance.memories[s]!,
          bytesPerElement: dtypes[slots[s]!.dtype].byteLength,
        });
  }
  table[0] = instances.length;
  table[1] = total;
  return { total, table, bases };
}

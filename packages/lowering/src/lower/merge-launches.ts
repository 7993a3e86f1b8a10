import { MAX_ELEMENTS } from "@tenon/ir";
import { indexAxis, indexVariable } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import type { For, Kernel, LoopKernel } from "../kernel/kernel.ts";
import type { Instance, Item, Launch } from "../kernel/program.ts";
import { substituteStatements } from "../kernel/substitute.ts";
import { kernelKey } from "../kernel/text.ts";

/**
 * The items with launches of one kernel as one launch, where what stands between them allows it: all updates of a model's parameters,
 * which differ in their sizes, are one launch of a kernel that is told the size.
 */
export function mergeLaunches(items: readonly Item[], kernels: Kernel[]): readonly Item[] {
  const alike = new Map<string, number[]>();
  items.forEach((item, i) => {
    if (item.kind !== "launch") return;
    const { name, kind } = kernels[item.kernel]!;
    if (kind !== "loops") return;
    const list = alike.get(name);
    if (list === undefined) alike.set(name, [i]);
    else list.push(i);
  });
  const result: (Item | undefined)[] = [...items];
  for (const places of alike.values()) {
    if (places.length < 2) continue;
    const sized = new Map<
      string,
      { readonly kernel: LoopKernel; readonly places: number[]; readonly sizes: Index[] }
    >();
    for (const i of places) {
      const one = withSize(kernels[(items[i] as Launch).kernel] as LoopKernel);
      if (one === undefined) continue;
      const key = kernelKey(one.kernel);
      const known = sized.get(key);
      if (known === undefined) sized.set(key, { kernel: one.kernel, places: [i], sizes: [one.size] });
      else {
        known.places.push(i);
        known.sizes.push(one.size);
      }
    }
    for (const { kernel, places: same, sizes } of sized.values()) {
      if (same.length < 2 || !same.slice(0, -1).every((i) => canWait(result, i, same.at(-1)!, kernels))) continue;
      const launches = same.map((i) => items[i] as Launch);
      const number = kernels.push(kernel) - 1;
      const instances = launches.flatMap(({ instances }, i) =>
        instances.map(({ buffers }): Instance => ({ buffers, scalars: [...kernel.scalars.slice(0, -1), sizes[i]!] })),
      );
      for (const i of same) result[i] = undefined;
      result[same.at(-1)!] = { ...launches[0]!, kernel: number, instances, origin: originOf(launches) };
    }
  }
  return result.filter((item) => item !== undefined);
}

/** A kernel that is one loop over everything, with the size as its last scalar. */
function withSize(kernel: LoopKernel): { readonly kernel: LoopKernel; readonly size: Index } | undefined {
  const loops = kernel.body.filter((s): s is For => s.kind === "for");
  const [loop] = loops;
  if (loops.length !== 1 || loop!.role !== "parallel" || loop!.body.some((s) => s.kind === "for")) return undefined;
  const count = indexVariable("size", 0, MAX_ELEMENTS) as IndexVariable;
  const body = substituteStatements(kernel.body, new Map([[loop!.variable, indexAxis("each", count)]])).map((s) =>
    s.kind === "for" ? { ...s, size: count } : s,
  );
  return { kernel: { ...kernel, body, scalars: [...kernel.scalars, count] }, size: loop!.size };
}

/** Whether item `i` may be done at the same time as item `until`. */
function canWait(items: readonly (Item | undefined)[], i: number, until: number, kernels: readonly Kernel[]): boolean {
  const own = touched(items[i]!, kernels);
  for (let at = i + 1; at <= until; at++) {
    const item = items[at];
    if (item === undefined) continue;
    const other = touched(item, kernels);
    for (const b of own.written) if (other.read.has(b) || other.written.has(b)) return false;
    for (const b of own.read) if (other.written.has(b)) return false;
  }
  return true;
}

interface Touched {
  readonly read: Set<number>;
  readonly written: Set<number>;
}

function touched(
  item: Item,
  kernels: readonly Kernel[],
  into: Touched = { read: new Set(), written: new Set() },
): Touched {
  const inside = (list: readonly Item[]): void => {
    for (const one of list) touched(one, kernels, into);
  };
  switch (item.kind) {
    case "launch":
      for (const { buffers } of item.instances)
        kernels[item.kernel]!.slots.forEach(({ access }, s) => {
          if (access !== "write") into.read.add(buffers[s]!);
          if (access !== "read") into.written.add(buffers[s]!);
        });
      break;
    case "copy":
      into.read.add(item.from.buffer);
      into.written.add(item.to.buffer);
      break;
    case "loop":
      inside(item.body);
      break;
    case "branch":
      into.read.add(item.index.buffer);
      item.branches.forEach(inside);
      break;
    case "while":
      inside(item.condition);
      into.read.add(item.flag);
      inside(item.body);
  }
  return into;
}

const originOf = (launches: readonly Launch[]): Launch["origin"] => ({
  ops: launches[0]!.origin.ops,
  scopes: [...new Set(launches.flatMap(({ origin }) => origin.scopes))],
  source: launches[0]!.origin.source,
});

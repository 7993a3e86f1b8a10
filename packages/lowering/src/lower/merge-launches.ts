import { MAX_ELEMENTS } from "@tenon/ir";
import { entry } from "../entry.ts";
import { indexAxis, indexVariable } from "../index-expression.ts";
import { substituteIndex } from "../index-fold.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { bodiesOf, usesOf } from "../kernel/items.ts";
import type { For, Kernel, LoopKernel } from "../kernel/kernel.ts";
import type { Item, Launch } from "../kernel/program.ts";
import { changeIndices, kernelKey } from "../kernel/walk.ts";

/**
 * The items with launches of one kernel as one launch, where what stands between them allows it: all updates of a model's parameters,
 * which differ in their sizes, are one launch of a kernel that is told the size.
 */
export function mergeLaunches(items: readonly Item[], kernels: Kernel[]): readonly Item[] {
  const alike = new Map<string, number[]>();
  items.forEach((item, i) => {
    const kernel = item.kind === "launch" ? kernels[item.kernel]! : undefined;
    if (kernel?.kind === "loops") entry(alike, kernel.name, () => []).push(i);
  });
  const result: (Item | undefined)[] = [...items];
  const touched = items.map((item) => touchedBy([item], kernels));
  for (const places of alike.values()) {
    if (places.length < 2) continue;
    const sized = new Map<string, Sized[]>();
    for (const place of places) {
      const one = withSize(kernels[(items[place] as Launch).kernel] as LoopKernel, place);
      if (one !== undefined) entry(sized, kernelKey(one.kernel), () => []).push(one);
    }
    for (const same of sized.values()) {
      const [first, last] = [same[0]!, same.at(-1)!.place];
      if (same.length < 2 || !same.slice(0, -1).every(({ place }) => canWait(touched, place, last))) continue;
      const launches = same.map(({ place }) => items[place] as Launch);
      const kernel = kernels.push(first.kernel) - 1;
      const instances = launches.flatMap(({ instances }, i) =>
        instances.map(({ buffers }) => ({ buffers, scalars: [...first.kernel.scalars.slice(0, -1), same[i]!.size] })),
      );
      for (const { place } of same) {
        result[place] = undefined;
        touched[place] = new Map();
      }
      result[last] = { ...launches[0]!, kernel, instances, origin: originOf(launches) };
      touched[last] = touchedBy(launches, kernels);
    }
  }
  return result.filter((item) => item !== undefined);
}

/** A kernel that is one loop over everything, with the size as its last scalar. */
interface Sized {
  readonly kernel: LoopKernel;
  readonly size: Index;
  /** Where it is launched. */
  readonly place: number;
}

function withSize(kernel: LoopKernel, place: number): Sized | undefined {
  const loops = kernel.body.filter((s): s is For => s.kind === "for");
  const [loop] = loops;
  if (loops.length !== 1 || loop!.role !== "parallel" || loop!.body.some((s) => s.kind === "for")) return undefined;
  const size = indexVariable("size", 0, MAX_ELEMENTS) as IndexVariable;
  const variable = indexAxis("each", size) as IndexVariable;
  const replaced = new Map([[loop!.variable, variable]]);
  const body = changeIndices(kernel.body, (node) => substituteIndex(node as Index, replaced)).map((s) =>
    s.kind === "for" ? { ...s, variable, size } : s,
  );
  return { kernel: { ...kernel, body, scalars: [...kernel.scalars, size] }, size: loop!.size, place };
}

/** Whether item `i` may be done at the same time as item `until`. */
function canWait(touched: readonly Touched[], i: number, until: number): boolean {
  for (let at = i + 1; at <= until; at++)
    for (const [buffer, writes] of touched[i]!) {
      const other = touched[at]!.get(buffer);
      if (other === true || (other === false && writes)) return false;
    }
  return true;
}

/** The buffers that items and those inside of them use, and whether they are written. */
type Touched = ReadonlyMap<number, boolean>;

function touchedBy(items: readonly Item[], kernels: readonly Kernel[], into = new Map<number, boolean>()): Touched {
  for (const item of items) {
    for (const { buffer, writes } of usesOf(item, kernels)) into.set(buffer, writes || into.get(buffer) === true);
    for (const body of bodiesOf(item)) touchedBy(body, kernels, into);
  }
  return into;
}

const originOf = (launches: readonly Launch[]): Launch["origin"] => ({
  ops: launches[0]!.origin.ops,
  scopes: [...new Set(launches.flatMap(({ origin }) => origin.scopes))],
  source: launches[0]!.origin.source,
});

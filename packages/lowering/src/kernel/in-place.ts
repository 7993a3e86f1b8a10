import { dtypes } from "@tenon/ir";
import { substituteIndex } from "../index-fold.ts";
import type { Index, IndexNode, Predicate } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import type { For, If, Kernel, LoadValue, Slot, Statement, Store } from "./kernel.ts";

/** Where an access stands: a place in the body of the kernel, and so on inwards. */
type Path = readonly { readonly at: number; readonly inside: For | If | undefined }[];

/** The accesses to a slot, with where they stand; undefined for one of which that says nothing. */
interface Accesses {
  readonly loads: (readonly [LoadValue, Path] | undefined)[];
  readonly stores: (readonly [Store, Path] | undefined)[];
}

/**
 * Which slots may be one memory: pairs of a slot that is read and one that is written. Each iteration of the loops around the store
 * reads, before it writes it, what lies where it writes, and nothing that another iteration writes. Iterations that
 * run as lanes of vectors, or on several threads, keep that.
 *
 * A pair says nothing about other slots that are bound to the same memory, nor may two slots be written to one.
 */
export function inPlacePairs(kernel: Kernel): readonly (readonly [read: number, written: number])[] {
  if (kernel.kind === "sort") return [];
  const accesses = accessesOf(kernel);
  const among = kernel.kind !== "loops"; // the axes of a result are loops around its epilogue
  const pairs: (readonly [number, number])[] = [];
  kernel.slots.forEach((written, w) => {
    const [store, ...more] = accesses.get(written)?.stores ?? [];
    if (written.access !== "write" || store === undefined || more.length > 0) return;
    kernel.slots.forEach((read, r) => {
      const loads = accesses.get(read)?.loads ?? [];
      const fits = read.access === "read" && dtypes[read.dtype].byteLength === dtypes[written.dtype].byteLength;
      if (fits && loads.length > 0 && loads.every((load) => load !== undefined && precedes(load, store, among)))
        pairs.push([r, w]);
    });
  });
  return pairs;
}

function accessesOf(kernel: Exclude<Kernel, { readonly kind: "sort" }>): ReadonlyMap<Slot, Accesses> {
  const found = new Map<Slot, Accesses>(kernel.slots.map((slot) => [slot, { loads: [], stores: [] }]));
  const visit = (statements: readonly Statement[], outer: Path, known = true): void => {
    statements.forEach((s, at) => {
      if (s.kind === "for" || s.kind === "if") visit(s.body, [...outer, { at, inside: s }], known);
      const path = [...outer, { at, inside: undefined }];
      if (s.kind === "store") found.get(s.slot)!.stores.push(known ? [s, path] : undefined);
      if (s.kind === "let" && s.value.kind === "load")
        found.get(s.value.slot)!.loads.push(known ? [s.value, path] : undefined);
    });
  };
  if (kernel.kind === "loops") visit(kernel.body, []);
  else if (kernel.kind === "claimed") {
    // each result has an epilogue of its own, which run in any order
    for (const [i, { epilogue }] of kernel.results.entries()) visit(epilogue, [], i === 0);
    for (const { slot } of kernel.inputs) found.get(slot)!.loads.push(undefined);
  } else {
    visit(kernel.epilogue, []);
    for (const { block } of [kernel.a, kernel.b]) visit(block.statements, [], false);
    for (const { slot } of kernel.columnSums) found.get(slot)!.stores.push(undefined);
  }
  return found;
}

/** Whether an iteration that stores has loaded the element before, and no other element that is stored. */
function precedes(
  [load, from]: readonly [LoadValue, Path],
  [store, to]: readonly [Store, Path],
  among: boolean,
): boolean {
  let common = 0;
  while (from[common]!.at === to[common]!.at) common++;
  if (from[common]!.at > to[common]!.at) return false;
  const isLoop = (inside: For | If | undefined): inside is For => inside?.kind === "for";
  const isFree = (inside: For | If | undefined): boolean => isLoop(inside) && inside.role !== "serial";
  const around = to.slice(0, common).map((step) => step.inside);
  if (!around.every((inside) => inside?.kind === "if" || isFree(inside))) return false;
  // loops of their own: the load's end before the store's begin, in each iteration of those around both
  const [before, after] = [from, to].map((path) => path.slice(common, -1).map((step) => step.inside));
  if (!before!.every(isLoop) || !after!.every(isFree) || before!.length !== after!.length) return false;
  if (after!.length > 0 && !among && !around.some(isLoop)) return false;
  const renamed = new Map<Index, Index>();
  for (let i = 0; i < before!.length; i++) {
    const [one, other] = [before![i] as For, after![i] as For];
    if (one.size !== other.size) return false;
    renamed.set(one.variable, other.variable);
  }
  // expressions are interned, so that equal ones are the same
  const same = (a: Index | Predicate, b: IndexNode): boolean =>
    (renamed.size === 0 ? a : substituteIndex(a, renamed)) === b;
  return same(load.address, store.address) && (store.mask === always || same(load.mask, store.mask));
}

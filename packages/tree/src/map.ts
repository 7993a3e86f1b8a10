import type { LeafOf, MapLeaves } from "./types.ts";
import { walk } from "./walk.ts";

/** The leaves of several trees, one type per tree. */
export type LeavesOf<Trees extends readonly unknown[]> = { [I in keyof Trees]: LeafOf<Trees[I]> };

/**
 * A tree of the same structure whose leaves are `fn(leaf, …leaves of rest)`.
 *
 * All trees must have the same lists, keys and places of `null` (E741 otherwise, with the path name). Leaves are visited
 * depth first; the children of a record come in the key order of the first tree.
 */
export function treeMap<T, Rest extends readonly unknown[], U>(
  fn: (leaf: LeafOf<T>, ...rest: LeavesOf<Rest>) => U,
  tree: T,
  ...rest: Rest
): MapLeaves<T, U> {
  const visit = fn as (...leaves: readonly unknown[]) => U;
  return walk("treeMap", [tree, ...rest], (leaves) => visit(...leaves)) as MapLeaves<T, U>;
}

/** As `treeMap`, with the leaf's path name (`layers.0.weight`; `""` for a tree that is itself a leaf) as the first argument. */
export function treeMapWithPath<T, Rest extends readonly unknown[], U>(
  fn: (path: string, leaf: LeafOf<T>, ...rest: LeavesOf<Rest>) => U,
  tree: T,
  ...rest: Rest
): MapLeaves<T, U> {
  const visit = fn as (path: string, ...leaves: readonly unknown[]) => U;
  return walk("treeMapWithPath", [tree, ...rest], (leaves, path) => visit(path(), ...leaves)) as MapLeaves<T, U>;
}

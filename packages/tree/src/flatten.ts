import { StructureError } from "./errors.ts";
import { describe } from "./prose.ts";
import type { LeafOf, MapLeaves } from "./types.ts";
import { kindOf, walk } from "./walk.ts";

/** A tree without its leaves: what `treeUnflatten` needs to put a list of leaves back. `T` is the type of the tree it was made from. */
export interface TreeStructure<T> {
  readonly leafCount: number;
  /** The tree with every leaf replaced by its place in the list of leaves. */
  readonly skeleton: MapLeaves<T, number>;
}

/** The leaves, depth first. */
export function treeLeaves<T>(tree: T): LeafOf<T>[] {
  const result: LeafOf<T>[] = [];
  walk("treeLeaves", [tree], ([leaf]) => result.push(leaf as LeafOf<T>));
  return result;
}

/** Path name and leaf of every leaf, in the order of `treeLeaves`. Names are unique: `{ "a.b": x, a: { b: y } }` is refused (E744). */
export function treeEntries<T>(tree: T): [path: string, leaf: LeafOf<T>][] {
  return entries("treeEntries", tree);
}

/** Path name of every leaf, in the order of `treeLeaves`: keys and list positions joined by dots, as in `layers.0.weight`. */
export function treePaths(tree: unknown): string[] {
  return entries("treePaths", tree).map(([path]) => path);
}

/** The leaves as a list, and the structure that `treeUnflatten` takes to put them, or others, back. */
export function treeFlatten<T>(tree: T): { leaves: LeafOf<T>[]; structure: TreeStructure<T> } {
  const leaves: LeafOf<T>[] = [];
  const skeleton = walk("treeFlatten", [tree], ([leaf]) => leaves.push(leaf as LeafOf<T>) - 1) as MapLeaves<T, number>;
  return { leaves, structure: { leafCount: leaves.length, skeleton } };
}

/**
 * The leaves of another tree of this structure, in the structure's order: children of a record go by key, whatever the
 * order they were written in. Throws where the tree has other lists, keys or places of null (E741, told as `op`'s).
 */
export function treeFlattenLike<T, U>(structure: TreeStructure<T>, tree: U, op = "treeFlattenLike"): LeafOf<U>[] {
  const leaves: LeafOf<U>[] = [];
  const refuse = (wanted: unknown, found: unknown, _index: number, path: string): StructureError =>
    new StructureError(
      "E741",
      op,
      `the tree has ${describe(found)} where ${kindOf(wanted) === "leaf" ? "a leaf" : describe(wanted)} is wanted`,
      { path, fix: "give the same lists, keys and places of null; only leaves may differ" },
    );
  walk(op, [structure.skeleton, tree], ([, leaf]) => leaves.push(leaf as LeafOf<U>), refuse);
  return leaves;
}

/** The tree of this structure whose leaves are `leaves`, in the order of `treeLeaves`. Inverse of `treeFlatten`. */
export function treeUnflatten<T, U>(structure: TreeStructure<T>, leaves: readonly U[]): MapLeaves<T, U> {
  if (leaves.length !== structure.leafCount) {
    throw new StructureError(
      "E742",
      "treeUnflatten",
      `the structure has ${structure.leafCount} leaves but the list has ${leaves.length}`,
      {
        path: "",
        fix: `give ${structure.leafCount} leaves, in the order of treeLeaves`,
      },
    );
  }
  return walk("treeUnflatten", [structure.skeleton], ([place]) => leaves[place as number]) as MapLeaves<T, U>;
}

function entries<T>(op: string, tree: T): [string, LeafOf<T>][] {
  const result = new Map<string, LeafOf<T>>();
  walk(op, [tree], ([leaf], path) => {
    const name = path();
    if (result.has(name)) {
      throw new StructureError("E744", op, `two leaves have the path name ${JSON.stringify(name)}`, {
        path: name,
        fix: "rename a key that is empty or has a dot in it",
      });
    }
    result.set(name, leaf as LeafOf<T>);
  });
  return [...result];
}

export { StructureError } from "./errors.ts";
export {
  type TreeStructure,
  treeEntries,
  treeFlatten,
  treeFlattenLike,
  treeLeaves,
  treePaths,
  treeUnflatten,
} from "./flatten.ts";
export { type LeavesOf, treeMap, treeMapWithPath } from "./map.ts";
export type { LeafOf, MapLeaves, Tree } from "./types.ts";

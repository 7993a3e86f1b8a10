import { currentPath, type TensorType, withScope } from "@tenon/tensor";
import { type TreeStructure, treeUnflatten } from "@tenon/tree";
import type { AnyLayer } from "./layer.ts";
import { joined, type Survey, survey } from "./state.ts";

/** Where a layer stands in its model, and what went through it when it was built. */
export interface Place {
  path: string;
  /** Path of the layer that holds it. */
  outer: string | undefined;
  built: boolean;
  inputs: readonly TensorType[];
  /** The list or record that the inputs were given in. */
  form: TreeStructure<unknown> | undefined;
  outputs: readonly TensorType[];
}

const places = new WeakMap<AnyLayer, Place>();

export function placeOf(layer: AnyLayer): Place {
  let place = places.get(layer);
  if (place === undefined) {
    place = { path: "", outer: undefined, built: false, inputs: [], form: undefined, outputs: [] };
    places.set(layer, place);
  }
  return place;
}

/** What a layer is called with, its tensors, or their types, being these. */
export const argumentOf = (layer: AnyLayer, xs: readonly TensorType[]): unknown =>
  treeUnflatten(placeOf(layer).form!, xs);

/** The type of one part of the record that a layer is called with, or of its input where that is no record. */
export function typeOfPart(layer: AnyLayer, inputs: readonly TensorType[], part: string): TensorType {
  const given = argumentOf(layer, inputs) as Readonly<Record<string, TensorType>>;
  return given[part] ?? (given as unknown as TensorType);
}

/** Gives each layer below `root` its path, and each Variable its name, unless `root` is itself part of a model. */
export function settle(root: AnyLayer, name?: string): Survey {
  const found = survey(root);
  const own = placeOf(root);
  if (name !== undefined) {
    own.path = name;
    own.outer = undefined;
  }
  if (own.outer !== undefined) return found;
  const paths = [...found.layers].map(([layer, path]) => [layer, joined(own.path, path)] as const);
  const taken = new Set(paths.map(([, path]) => path));
  for (const [layer, path] of paths) {
    if (layer === root) continue;
    const place = placeOf(layer);
    place.path = path;
    place.outer = outerOf(path, taken);
  }
  for (const [variable, path] of found.variables) variable.name = joined(own.path, path);
  return found;
}

/** The longest beginning of a path that is a layer's. */
function outerOf(path: string, layers: ReadonlySet<string>): string {
  for (let end = path.lastIndexOf("."); end > 0; end = path.lastIndexOf(".", end - 1)) {
    if (layers.has(path.slice(0, end))) return path.slice(0, end);
  }
  return "";
}

/** Runs `body` at the layer's path: inside the layer that holds it the rest of the path is added, elsewhere all of it. */
export function inPlace<T>(layer: AnyLayer, body: () => T): T {
  const { path, outer = "" } = placeOf(layer);
  if (path === "") return body();
  const current = currentPath() ?? "";
  const inside = outer !== "" && (current === outer || current.endsWith(`.${outer}`));
  return withScope(inside ? path.slice(outer.length + 1) : path, body);
}

import { StateError, Variable, type VariableTree } from "@tenon/tensor";
import type { AnyLayer } from "./layer.ts";

/** Marks layers, so that they are known without their class. */
export const layerBrand: unique symbol = Symbol.for("tenon.layer") as never;

export const isLayer = (value: unknown): value is AnyLayer =>
  typeof value === "object" && value !== null && layerBrand in value;

/** What a layer holds itself: in its fields, and in lists and records there. */
export interface Held {
  readonly layers: readonly AnyLayer[];
  readonly variables: readonly Variable[];
}

/** The layers and Variables of a layer and of all below it, each at the first path where it is found. */
export interface Survey {
  readonly layers: ReadonlyMap<AnyLayer, string>;
  readonly variables: ReadonlyMap<Variable, string>;
  readonly held: ReadonlyMap<AnyLayer, Held>;
}

/**
 * Looks through the fields of a layer, depth first and in their order: Variables, layers, and lists and records of them.
 * What stands in two places, such as a weight that two layers share, is found once.
 */
export function survey(root: AnyLayer): Survey {
  const layers = new Map<AnyLayer, string>();
  const variables = new Map<Variable, string>();
  const held = new Map<AnyLayer, { layers: AnyLayer[]; variables: Variable[] }>();
  const seen = new Set<object>();
  const look = (value: unknown, path: string, holder: AnyLayer): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Variable) {
      variables.set(value, path);
      held.get(holder)!.variables.push(value);
    } else if (isLayer(value)) {
      held.get(holder)!.layers.push(value);
      enter(value, path);
    } else if (isContainer(value)) {
      for (const [name, child] of Object.entries(value)) look(child, joined(path, name), holder);
    }
  };
  const enter = (layer: AnyLayer, path: string): void => {
    layers.set(layer, path);
    held.set(layer, { layers: [], variables: [] });
    for (const [name, child] of Object.entries(layer.fields())) look(child, joined(path, name), layer);
  };
  seen.add(root);
  enter(root, "");
  return { layers, variables, held };
}

export const joined = (path: string, name: string): string =>
  path === "" ? name : name === "" ? path : `${path}.${name}`;

function isContainer(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Variables by path as nested records, so that `hidden.weight` is `tree.hidden.weight`. */
export function nested(entries: Iterable<readonly [Variable, string]>): VariableTree {
  const tree: Record<string, VariableTree> = {};
  for (const [variable, path] of entries) {
    const names = path.split(".");
    const last = names.pop()!;
    let place = tree;
    for (const name of names) {
      if (!Object.hasOwn(place, name)) place[name] = {};
      place = place[name] as Record<string, VariableTree>;
      if (place instanceof Variable) throw twice(path);
    }
    if (Object.hasOwn(place, last)) throw twice(path);
    place[last] = variable;
  }
  return tree;
}

const twice = (path: string): StateError =>
  new StateError("E415", "layer", `two Variables are called ${path}`, {
    fix: "leave dots out of the keys of records",
  });

import {
  checkOptions,
  type Dim,
  dryRun,
  type HostKey,
  hostFoldIn,
  hostKeyOf,
  inference,
  isTracing,
  OptionError,
  pathHash,
  StateError,
  shapeText,
  type Tensor,
  type TensorType,
  valueText,
} from "@tenon/tensor";
import { type TreeStructure, treeFlatten, treeLeaves, treeUnflatten } from "@tenon/tree";
import type { AnyLayer, BuildOptions } from "./layer.ts";
import { placeOf, settle } from "./place.ts";
import { survey } from "./state.ts";

/** A model that is being built. */
interface Session {
  readonly root: AnyLayer;
  readonly key: HostKey;
  /** Layers by path, as far as they have been found. */
  layers: ReadonlyMap<AnyLayer, string>;
  readonly built: AnyLayer[];
  /** Layers whose types have been noted. */
  readonly reached: Set<AnyLayer>;
  /** Whether what is built is given up at the end. */
  readonly sketch: boolean;
}

let session: Session | undefined;

/** Whether a layer, or one below it, has Variables yet to make. */
function needsBuilding(layer: AnyLayer): boolean {
  return [...survey(layer).layers.keys()].some((l) => l.buildSelf !== undefined && !placeOf(l).built);
}

export const isBuilt = (layer: AnyLayer): boolean => placeOf(layer).built || !needsBuilding(layer);

export function buildLayer(root: AnyLayer, options: BuildOptions): void {
  checkOptions("build", options, ["key", "inputs", "name"]);
  const place = placeOf(root);
  if (place.built) {
    throw new StateError("E431", "build", `${nameOf(root)} is built already`, {
      fix: "make a new layer, or assign the Variables of this one",
    });
  }
  if (isTracing()) {
    throw new StateError("E432", "build", `${nameOf(root)} is built while a function is being traced`, {
      fix: "build it before compile or grad, since building makes Variables",
    });
  }
  const key = hostKeyOf(options.key, "build");
  const { types, structure } = typesOf(options.inputs);
  const { layers } = settle(root, options.name ?? "");
  session = { root, key, layers, built: [], reached: new Set(), sketch: false };
  try {
    dryRun(types, (...xs: Tensor[]) => root.call(treeUnflatten(structure, xs), inference));
    const found = settle(root, options.name ?? "");
    for (const layer of found.layers.keys()) finish(layer, session);
  } catch (error) {
    for (const layer of session.built) placeOf(layer).built = false;
    throw error;
  } finally {
    session = undefined;
  }
}

/**
 * The types of a layer's results for inputs of these types: it is built, and the Variables are given up. Initial values
 * are left out, where the layer takes them from an initialiser that an option chose.
 */
export function sketch(layer: AnyLayer, { types, structure }: Typed): Typed {
  const outer = session;
  session = { root: layer, key: [0, 0], layers: survey(layer).layers, built: [], reached: new Set(), sketch: true };
  try {
    const y = dryRun(types, (...xs: Tensor[]) => layer.call(treeUnflatten(structure, xs), inference) as unknown);
    return { types: typesIn(y), structure: treeFlatten(y).structure };
  } finally {
    for (const l of session.built) placeOf(l).built = false;
    session = outer;
  }
}

/** Types of tensors, and how an input or result is made up of them. */
export interface Typed {
  readonly types: readonly TensorType[];
  readonly structure: TreeStructure<unknown>;
}

/** Whether Variables are made for their shapes alone. */
export const isSketch = (): boolean => session?.sketch === true;

/** A layer that was not reached has nothing to build, or its sizes are unknown. */
function finish(layer: AnyLayer, { built }: Session): void {
  const place = placeOf(layer);
  if (place.built) return;
  if (layer.buildSelf !== undefined) {
    throw new StateError("E433", "build", `forward does not call ${nameOf(layer)}, so that its sizes are not known`, {
      fix: "build it by itself before the model, or leave it out",
    });
  }
  place.built = true;
  built.push(layer);
}

/**
 * Lets a layer be called: builds it where a model is being built, refuses where it is not built. While a model is being
 * built the result is a function that takes note of the output.
 */
export function reach(layer: AnyLayer, x: unknown): ((y: unknown) => void) | undefined {
  if (session === undefined) {
    if (placeOf(layer).built) return undefined;
    if (needsBuilding(layer)) throw unbuilt("call", layer, { types: typesIn(x) });
    settle(layer); // nothing to build, but paths and names to give
    return undefined;
  }
  const { reached, built, root, key } = session;
  if (reached.has(layer)) return undefined;
  reached.add(layer);
  const place = placeOf(layer);
  const { leaves, structure } = treeFlatten(x);
  place.inputs = typesIn(leaves);
  place.form = structure;
  if (!place.built) {
    if (!session.layers.has(layer)) session.layers = survey(root).layers; // it was made on the way
    const path = session.layers.get(layer);
    if (path === undefined) {
      throw new StateError(
        "E434",
        "build",
        `forward calls ${/^[aeiou]/.test(layer.kind) ? "an" : "a"} ${layer.kind} layer that no field holds`,
        {
          at: nameOf(root),
          fix: "make it once, as a field of the layer that calls it",
        },
      );
    }
    layer.buildSelf?.(hostFoldIn(key, pathHash(path)), ...place.inputs);
    place.built = true;
    built.push(layer);
  }
  return (y) => {
    place.outputs = typesIn(y);
  };
}

/**
 * The error of a layer that is used before it is built.
 *
 * @param alone Whether the model that holds it is built, so that only this layer is missing.
 */
export function unbuilt(
  op: string,
  layer: AnyLayer,
  { path = layer.path, types = [], alone = false }: Partial<UnbuiltDetails> = {},
): StateError {
  const specs = types.length === 0 ? ['spec(["B", 784])'] : types.map(specText);
  const inputs = specs.length === 1 ? specs[0] : `[${specs.join(", ")}]`;
  return new StateError("E430", op, `${nameOf(layer, path)} is not built, so that it has no Variables yet`, {
    fix: `first call build({ key: key(0), inputs: ${inputs} }) on ${alone ? "it" : "the model"}`,
  });
}

interface UnbuiltDetails {
  readonly path: string;
  readonly types: readonly TensorType[];
  readonly alone: boolean;
}

/** How the type of an input is written, its first axis as the batch. */
function specText({ dtype, shape }: TensorType): string {
  const [, ...rest] = shape;
  const sizes = shape.length === 0 ? "[]" : shapeText(['"B"' as unknown as Dim, ...rest.map(quoted)]);
  return dtype === "float32" ? `spec(${sizes})` : `spec(${sizes}, ${JSON.stringify(dtype)})`;
}

const quoted = (d: Dim): Dim => (typeof d === "number" ? d : (JSON.stringify(String(d)) as unknown as Dim));

const typeOf = ({ dtype, shape }: TensorType): TensorType => ({ dtype, shape });

/** The types of the tensors in an input or result. */
const typesIn = (value: unknown): readonly TensorType[] => (treeLeaves<unknown>(value) as Tensor[]).map(typeOf);

const nameOf = (layer: AnyLayer, path = placeOf(layer).path): string =>
  path === "" ? `the ${layer.kind} layer` : `${path} (${layer.kind})`;

/** The types in a list or record of them, and how a layer's input is made up of those; a list of one stands for the one. */
function typesOf(inputs: unknown): Typed {
  const types: TensorType[] = [];
  const visit = (x: unknown, holder = inputs): unknown => {
    if (typeof x !== "object" || x === null)
      throw noType(
        x === inputs ? `inputs is ${valueText(x)}` : `inputs has ${valueText(holder === inputs ? x : holder)}`,
      );
    if ("dtype" in x && "shape" in x) return types.push(x as TensorType); // a number, which is a leaf
    if (Array.isArray(x)) return x.map((child) => visit(child, x));
    return Object.fromEntries(Object.entries(x).map(([name, child]) => [name, visit(child, x)]));
  };
  const { structure } = treeFlatten(visit(Array.isArray(inputs) && inputs.length === 1 ? inputs[0] : inputs));
  if (types.length === 0) throw noType("inputs is empty", "");
  return { types, structure };
}

const noType = (problem: string, which = ", which is no type"): OptionError =>
  new OptionError("E803", "build", `${problem}${which}`, {
    fix: 'describe the input by spec, as in inputs: spec(["B", 784])',
  });

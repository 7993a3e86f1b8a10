import { checkList, OptionError, ShapeError, sameShape, Tensor, type TensorType, typeText, valueText } from "@tenon/ir";
import { type TreeStructure, treeFlatten, treeFlattenLike, treePaths, treeUnflatten } from "@tenon/tree";
import { isTypedArray } from "./bytes.ts";
import { Context, type ContextSpec } from "./context.ts";
import { tensor } from "./create.ts";
import { keySpec } from "./random.ts";

/**
 * The type of an argument, or of every tensor in one: `spec(["B", 784])` for a tensor, `trainingSpec` or `inferenceSpec`
 * for a Context. `keySpec` is a key's type; a training context may be passed there in a call.
 */
export type ArgumentSpec =
  | TensorType
  | ContextSpec
  | null
  | readonly ArgumentSpec[]
  | { readonly [key: string]: ArgumentSpec };

/** How arguments are made up of tensors. */
export interface Layout {
  readonly structures: readonly TreeStructure<unknown>[];
  /** Per leaf, in order over all arguments: a tensor, or a context of a kind; inference contexts have no tensor. */
  readonly leaves: readonly ("tensor" | Context["kind"])[];
  readonly types: readonly TensorType[];
  readonly names: readonly string[];
  /** How the contexts among the leaves are made of keys. */
  readonly contexts: readonly ContextSpec["of"][];
}

/**
 * The tensors in arguments, and how the arguments are made up of them. Where types were declared the arguments have
 * to agree: children of records are found by key, and numbers take the declared dtype.
 *
 * @param exact No program can be traced any more, so that a context does not pass for a key.
 */
export function layoutOf(
  args: readonly unknown[],
  declared?: Layout,
  exact = false,
): { layout: Layout; tensors: Tensor[] } {
  if (declared !== undefined && args.length !== declared.structures.length) {
    throw new ShapeError(
      "E524",
      "compile",
      `${args.length === 1 ? "1 argument is" : `${args.length} arguments are`} given, ${declared.structures.length} declared`,
      { fix: "pass what inputs describes" },
    );
  }
  const structures = declared?.structures ?? args.map((arg) => treeFlatten<unknown>(arg).structure);
  const whole = treeFlatten<unknown>(named(structures.map((s) => s.skeleton))).structure;
  const paths = treePaths(whole.skeleton);
  const tensors: Tensor[] = [];
  const leaves: Layout["leaves"][number][] = [];
  const contexts: Layout["contexts"][number][] = [];
  const names: string[] = [];
  treeFlattenLike(whole, named(args), "compile").forEach((leaf: unknown, i) => {
    const name = paths[i]!;
    const kind = leaf instanceof Context ? leaf.kind : "tensor";
    const wanted = declared?.leaves[i] ?? kind;
    if (kind !== wanted && (exact || kind !== "training" || wanted !== "tensor")) {
      throw new ShapeError("E521", "compile", `${name} is ${told[kind]}, but ${told[wanted]} was declared`, {
        fix: "pass what inputs describes",
      });
    }
    leaves.push(kind);
    if (leaf instanceof Context) contexts.push(leaf.again);
    if (kind === "inference") return;
    const type = declared?.types[tensors.length];
    const x = leaf instanceof Context ? leaf.rootKey! : asTensor(leaf, name, type);
    if (type !== undefined) checkType(name, x, type);
    names.push(name);
    tensors.push(x);
  });
  const types = declared?.types ?? tensors.map(({ dtype, shape }) => ({ dtype, shape }));
  return { layout: { structures, leaves, types, names, contexts }, tensors };
}

const told = { tensor: "a tensor", training: "a training context", inference: "an inference context" };

/** Arguments as one tree, whose path names are those of the errors. */
const named = (args: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(args.map((arg, i) => [`arg${i}`, arg]));

function asTensor(leaf: unknown, name: string, type: TensorType | undefined): Tensor {
  if (leaf instanceof Tensor) return leaf;
  if (typeof leaf === "number" || typeof leaf === "boolean") return tensor(leaf, type && { dtype: type.dtype });
  if (isTypedArray(leaf)) return tensor(leaf);
  throw new OptionError("E803", "compile", `${name} is ${valueText(leaf)}, which is no tensor`, {
    fix: "pass tensors, numbers, typed arrays, contexts, or records and lists of them; close over Variables and settings",
  });
}

function checkType(name: string, type: TensorType, wanted: TensorType): void {
  const fits =
    type.dtype === wanted.dtype &&
    type.shape.length === wanted.shape.length &&
    type.shape.every((d, i) => typeof wanted.shape[i] !== "number" || d === wanted.shape[i]);
  if (fits || (type.dtype === wanted.dtype && sameShape(type.shape, wanted.shape))) return;
  throw new ShapeError("E521", "compile", `${name} is ${typeText(type)}, but ${typeText(wanted)} was declared`, {
    fix: "cast or reshape the argument, or change inputs",
  });
}

const isSpec = (x: object): x is TensorType => "dtype" in x && "shape" in x;

const isContextSpec = (x: object): x is ContextSpec => "context" in x && "of" in x;

/** The layout that types describe. */
export function layoutOfSpecs(specs: readonly ArgumentSpec[]): Layout {
  checkList("compile", "inputs", specs, "[spec([2])]");
  const leaves: Layout["leaves"][number][] = [];
  const types: TensorType[] = [];
  const names: string[] = [];
  const contexts: Layout["contexts"][number][] = [];
  const add = (path: string, kind: Layout["leaves"][number], type?: TensorType): (() => void) => {
    leaves.push(kind);
    if (type !== undefined) {
      types.push({ dtype: type.dtype, shape: [...type.shape] });
      names.push(path);
    }
    return () => {}; // a leaf, where a type is a record to the tree functions
  };
  const visit = (x: ArgumentSpec, path: string): unknown => {
    if (x === null) return null;
    if (typeof x !== "object") {
      throw new OptionError("E803", "compile", `inputs has ${valueText(x)} at ${path}, which is no type`, {
        fix: 'describe a tensor by spec, as in spec(["B", 784])',
      });
    }
    if (isSpec(x)) return add(path, "tensor", x);
    if (isContextSpec(x)) {
      contexts.push(x.of);
      return add(path, x.context, x.context === "training" ? keySpec : undefined);
    }
    if (Array.isArray(x)) return x.map((y, i) => visit(y, `${path}.${i}`));
    return Object.fromEntries(Object.entries(x).map(([k, y]) => [k, visit(y, `${path}.${k}`)]));
  };
  const structures = specs.map((x: ArgumentSpec, i) => treeFlatten<unknown>(visit(x, `arg${i}`)).structure);
  return { structures, leaves, types, names, contexts };
}

export function layoutKey({ structures, leaves, types }: Layout): string {
  return `${structures.map((s) => (typeof s.skeleton === "number" ? "t" : JSON.stringify(s.skeleton))).join(";")}|${leaves.join()}|${types.map(typeText).join(";")}`;
}

/** The arguments as the function sees them while it is traced. */
export function rebuild({ structures, leaves, contexts }: Layout, tensors: readonly Tensor[]): unknown[] {
  let [next, leaf, context] = [0, 0, 0];
  return structures.map((structure) => {
    const values = Array.from({ length: structure.leafCount }, () => {
      const kind = leaves[leaf++]!;
      const own = kind === "inference" ? undefined : tensors[next++];
      return kind === "tensor" ? own : contexts[context++]!(own);
    });
    return treeUnflatten(structure, values);
  });
}

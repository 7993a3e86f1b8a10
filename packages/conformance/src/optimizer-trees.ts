import {
  type DType,
  sameType,
  Tensor,
  type TensorTree,
  tensor,
  typeText,
  type Variable,
  type VariableTree,
  valueText,
  variable,
} from "@tenon/tensor";
import { treeEntries, treeMap, treeMapWithPath } from "@tenon/tree";
import { Draw } from "./draw.ts";
import { relativeDistance } from "./tolerance.ts";

/** Parameters of every rank up to 3, in records and lists. */
const shapes: { readonly [layer: string]: unknown } = {
  dense: { weight: { shape: [3, 2] }, bias: { shape: [2] } },
  list: [{ shape: [] }, { shape: [2, 1, 2] }],
};

type Leaf = { readonly shape: readonly number[] };
const isLeaf = (node: unknown): node is Leaf => typeof node === "object" && node !== null && "shape" in node;

/** A tree of random numbers around 0 in the shape of the parameters; other names give other numbers. */
export function drawTree(seed: number, name: string, dtype: DType = "float32"): TensorTree {
  const draw = new Draw(seed, name);
  const visit = (node: unknown): TensorTree => {
    if (isLeaf(node)) return tensor(draw.elements({ dtype, shape: node.shape }).data, { shape: node.shape, dtype });
    if (Array.isArray(node)) return node.map(visit);
    return Object.fromEntries(Object.entries(node as object).map(([key, child]) => [key, visit(child)]));
  };
  return visit(shapes);
}

/** Variables with these values, named after their paths. */
export const variablesLike = (values: TensorTree): VariableTree =>
  treeMapWithPath((path: string, t: Tensor) => variable(t, { name: path === "" ? "p" : path }), values) as VariableTree;

export const currentValues = (tree: VariableTree): TensorTree => treeMap((v: Variable) => v.value, tree) as TensorTree;

/** The numbers of a tree by path. */
export async function numbersOf(tree: TensorTree): Promise<ReadonlyMap<string, readonly number[]>> {
  const entries = treeEntries<unknown>(tree) as [string, Tensor][];
  return new Map(
    await Promise.all(entries.map(async ([path, t]) => [path, Array.from(await t.data(), Number)] as const)),
  );
}

type Numbers = ReadonlyMap<string, readonly number[]>;

/** Where two trees of numbers are not the same bits. */
export const inequalities = (what: string, expected: Numbers, actual: Numbers): string[] =>
  compared(what, expected, actual, (e, a) => e.length === a.length && e.every((x, i) => Object.is(x, a[i])));

/** Where two trees of numbers are farther apart than `tolerance`, relative to the largest. */
export const distances = (what: string, expected: Numbers, actual: Numbers, tolerance: number): string[] =>
  compared(what, expected, actual, (e, a) => relativeDistance(e, a, 1) <= tolerance);

function compared(
  what: string,
  expected: Numbers,
  actual: Numbers,
  agree: (expected: readonly number[], actual: readonly number[]) => boolean,
): string[] {
  const paths = new Set([...expected.keys(), ...actual.keys()]);
  return [...paths].flatMap((path) => {
    const [e, a] = [expected.get(path), actual.get(path)];
    if (e !== undefined && a !== undefined && agree(e, a)) return [];
    return [`${what}: ${path === "" ? "the value" : path} is ${listText(a)}, not ${listText(e)}`];
  });
}

const listText = (list: readonly number[] | undefined): string =>
  list === undefined ? "missing" : `[${list.join(", ")}]`;

/** Numbers that are not finite. */
export const infinities = (what: string, numbers: Numbers): string[] =>
  [...numbers].flatMap(([path, list]) =>
    list.every(Number.isFinite) ? [] : [`${what}: ${path} is ${listText(list)}`],
  );

/** Where one tree has other paths than another, or leaves that are no tensors, or, unless only shapes count, other types. */
export function otherTypes(what: string, expected: TensorTree, actual: unknown, onlyShapes = false): string[] {
  const found = new Map(treeEntries<unknown>(actual));
  const wanted = new Map(treeEntries<unknown>(expected) as [string, Tensor][]);
  const extra = [...found.keys()]
    .filter((path) => !wanted.has(path))
    .map((path) => `${what}: there is ${path} besides`);
  return [...wanted]
    .flatMap(([path, e]) => {
      const a = found.get(path);
      if (a instanceof Tensor && sameType(onlyShapes ? { dtype: a.dtype, shape: e.shape } : e, a)) return [];
      return [
        `${what}: ${path === "" ? "the value" : path} is ${a instanceof Tensor ? typeText(a) : valueText(a)}, not ${typeText(e)}`,
      ];
    })
    .concat(extra);
}

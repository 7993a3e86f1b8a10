import { OptionError, type Tensor, type TensorTree, valueText } from "@tenon/tensor";
import { treeEntries, treeFlatten, treeFlattenLike, treeMapWithPath } from "@tenon/tree";

/**
 * Which parameters are meant, by their paths in the tree of the target: a pattern, several, or a predicate.
 *
 * In a pattern `*` stands for anything, and the path of a layer for all below it, as in `freeze`: `encoder`, `*.bias`.
 */
export type Selection = string | RegExp | readonly (string | RegExp)[] | ((path: string, param: Tensor) => boolean);

/** The parameters that are meant, and null in place of the others. A pattern that fits none is refused. */
export function selectedOf(op: string, selection: Selection, params: TensorTree): TensorTree {
  const fits = predicateOf(op, selection);
  let count = 0;
  const chosen = treeMapWithPath(
    (path: string, p: Tensor) => (fits(path, p) ? (count++, p) : null),
    params,
  ) as TensorTree;
  if (count > 0 || typeof selection === "function") return chosen;
  throw new OptionError("E803", op, `no parameter fits ${patternText(selection)}`, {
    operands: { parameters: pathsText(params) },
    fix: "* stands for anything, and the path of a layer for all below it",
  });
}

/** The leaves of `tree` at the places where `chosen` has leaves, and null in place of the others. */
export function atPlacesOf(chosen: TensorTree, tree: TensorTree): TensorTree {
  const places = new Set((treeEntries<unknown>(chosen) as [string, Tensor][]).map(([path]) => path));
  return treeMapWithPath((path: string, leaf: Tensor) => (places.has(path) ? leaf : null), tree) as TensorTree;
}

/** `tree` with the leaves of `part`, which has those of `chosen`, in their places. */
export function merged(op: string, tree: TensorTree, chosen: TensorTree, part: TensorTree): TensorTree {
  const leaves = treeFlattenLike(treeFlatten<unknown>(chosen).structure, part, op) as Tensor[];
  const places = new Map((treeEntries<unknown>(chosen) as [string, Tensor][]).map(([path], i) => [path, leaves[i]!]));
  return treeMapWithPath((path: string, leaf: Tensor) => places.get(path) ?? leaf, tree) as TensorTree;
}

export const pathsText = (params: TensorTree): string =>
  treeEntries<unknown>(params)
    .map(([path]) => path)
    .join(", ");

function predicateOf(op: string, selection: Selection): (path: string, param: Tensor) => boolean {
  if (typeof selection === "function") return selection;
  const patterns = (Array.isArray(selection) ? selection : [selection]).map((pattern: unknown) => {
    if (typeof pattern === "string") return expressionOf(pattern);
    if (pattern instanceof RegExp) return pattern;
    throw new OptionError("E803", op, `the selection is ${valueText(pattern)}`, {
      fix: 'give a pattern such as "*.bias", a list of patterns, or a predicate (path, param) => boolean',
    });
  });
  return (path) => patterns.some((pattern) => path.search(pattern) >= 0); // search forgets a global expression's place
}

/** A pattern fits the path of a parameter, or of a layer that the parameter lies in. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}(\\..*)?$`);
}

function patternText(selection: Exclude<Selection, Function>): string {
  return (Array.isArray(selection) ? selection : [selection]).map(String).join(" or ");
}

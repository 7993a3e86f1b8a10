import {
  OptionError,
  ShapeError,
  sameType,
  Tensor,
  typeText,
  Variable,
  type VariableTree,
  valueText,
} from "@tenon/tensor";
import { treeFlatten, treeFlattenLike, treeLeaves } from "@tenon/tree";

/** The tree with null in place of Variables that are not trainable, and of those that stand in it a second time. */
export function trainableOf(tree: VariableTree): VariableTree {
  const seen = new Set<Variable>();
  return visit(tree, (v) => {
    if (!v.trainable || seen.has(v)) return null;
    seen.add(v);
    return v;
  }) as VariableTree;
}

/** The gradient of each Variable that is trainable now, out of a tree from which the others are left out. */
export function gradientsOf(op: string, tree: VariableTree, grads: unknown): Map<Variable, Tensor> {
  const wanted = visit(tree, (v) => (v.trainable ? v : undefined)) ?? null;
  const gradients = treeFlattenLike(treeFlatten<unknown>(wanted).structure, grads, op);
  const found = new Map<Variable, Tensor>();
  (treeLeaves<unknown>(wanted) as Variable[]).forEach((v, i) => {
    found.set(v, checkedGradient(op, v, gradients[i]));
  });
  return found;
}

function checkedGradient(op: string, v: Variable, gradient: unknown): Tensor {
  if (!(gradient instanceof Tensor)) {
    throw new OptionError("E803", op, `the gradient of ${v.label()} is ${valueText(gradient)}, which is no tensor`, {
      fix: "pass the gradients that valueAndGrad or grad returned",
    });
  }
  if (sameType(gradient, v)) return gradient;
  throw new ShapeError(
    "E202",
    op,
    `the gradient of ${v.label()} is ${typeText(gradient)} but the parameter is ${typeText(v)}`,
    {
      operands: { parameter: v, gradient },
      fix: "pass the gradients of the parameters that the optimizer is bound to",
    },
  );
}

type Visited = Variable | null | readonly Visited[] | { readonly [key: string]: Visited };

/** A tree of what `leaf` returns; entries of lists and records for which that is undefined are left out. */
function visit(tree: VariableTree, leaf: (v: Variable) => Variable | null | undefined): Visited | undefined {
  if (tree === null) return null;
  if (tree instanceof Variable) return leaf(tree);
  if (Array.isArray(tree)) return tree.map((child) => visit(child, leaf)).filter((child) => child !== undefined);
  return Object.fromEntries(
    Object.entries(tree).flatMap(([name, child]) => {
      const visited = visit(child as VariableTree, leaf);
      return visited === undefined ? [] : [[name, visited]];
    }),
  );
}

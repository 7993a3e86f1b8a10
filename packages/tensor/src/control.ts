import * as ir from "@tenon/ir";
import { input, StateError, Tensor, type TensorType } from "@tenon/ir";
import { type TreeStructure, treeFlatten, treeUnflatten } from "@tenon/tree";
import { inFrame, OverlayFrame } from "./frame.ts";
import type { Variable } from "./variable.ts";

/** Tensors in records and lists, as a loop carries them. */
export type TensorTree = Tensor | null | readonly TensorTree[] | { readonly [key: string]: TensorTree };

export interface ScanOptions {
  /** Number of steps, where there are no `xs` to tell it. */
  readonly length?: number;
  /** From the last element to the first. */
  readonly reverse?: boolean;
}

/**
 * Runs `body` once per element of the leading axis of `xs`: `[carry, y] = body(carry, x)`. Returns the last carry and
 * the `y`s stacked.
 *
 * Tensors and Variables from outside may be read. A Variable that `body` assigns is carried from step to step and
 * assigned at the end.
 */
export function scan<C extends TensorTree, X extends TensorTree, Y extends TensorTree>(
  body: (carry: C, x: X) => readonly [carry: C, y: Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [carry: C, ys: Y] {
  const carried = treeFlatten<unknown>(init);
  const sequence = treeFlatten<unknown>(xs);
  const initial = tensorsOf("scan", carried.leaves);
  const elements = tensorsOf("scan", sequence.leaves);
  const assigned = assignedVariables(body as never, init, xs, initial, elements);
  const frameOutside = new OverlayFrame(new Map());
  const start = [...initial, ...assigned.map((v) => frameOutside.readOutside(v))];
  let structure: TreeStructure<unknown> | undefined;
  const { carry, ys } = ir.scan(
    (state, x) => {
      const own = state.slice(initial.length);
      const frame = new OverlayFrame(new Map(assigned.map((v, i) => [v, own[i]!])));
      const [next, y] = inFrame(frame, () =>
        body(
          treeUnflatten(carried.structure, state.slice(0, initial.length)) as C,
          treeUnflatten(sequence.structure, x) as X,
        ),
      );
      const flat = treeFlatten<unknown>(y);
      structure = flat.structure;
      return [[...sameTree(carried, next), ...assigned.map((v) => frame.read(v))], tensorsOf("scan", flat.leaves)];
    },
    start,
    elements,
    options,
  );
  assigned.forEach((v, i) => {
    frameOutside.writeOutside(v, carry[initial.length + i]!);
  });
  return [
    treeUnflatten(carried.structure, carry.slice(0, initial.length)) as C,
    treeUnflatten(structure!, ys) as unknown as Y,
  ];
}

/** The Variables that one step of the body assigns, found by running it on stand-ins. */
function assignedVariables(
  body: (carry: unknown, x: unknown) => unknown,
  init: TensorTree,
  xs: TensorTree,
  initial: readonly Tensor[],
  elements: readonly Tensor[],
): Variable[] {
  const standIn = (t: TensorType): Tensor => input(t);
  const frame = new OverlayFrame(new Map());
  const slices = elements.map((t) => standIn({ dtype: t.dtype, shape: t.shape.slice(1) }));
  inFrame(frame, () =>
    body(
      treeUnflatten(treeFlatten<unknown>(init).structure, initial.map(standIn)),
      treeUnflatten(treeFlatten<unknown>(xs).structure, slices),
    ),
  );
  return [...frame.writes.keys()];
}

function tensorsOf(op: string, leaves: readonly unknown[]): Tensor[] {
  return leaves.map((leaf) => {
    if (leaf instanceof Tensor) return leaf;
    throw new StateError("E404", op, `${String(leaf)} is no tensor`, {
      fix: "use tensors, or records and lists of them",
    });
  });
}

function sameTree(wanted: { readonly structure: TreeStructure<unknown> }, value: unknown): Tensor[] {
  const { leaves, structure } = treeFlatten<unknown>(value);
  if (JSON.stringify(structure.skeleton) !== JSON.stringify(wanted.structure.skeleton)) {
    throw new StateError("E404", "scan", "the body returns a carry of another structure than it was given", {
      operands: { given: JSON.stringify(wanted.structure.skeleton), returned: JSON.stringify(structure.skeleton) },
      fix: "return [carry, y] with a carry like the first one",
    });
  }
  return tensorsOf("scan", leaves);
}

/** `whenTrue()` or `whenFalse()`, decided on the device. Both are traced; neither may assign Variables. */
export function cond<Y extends TensorTree>(predicate: Tensor, whenTrue: () => Y, whenFalse: () => Y): Y {
  return choose(predicate.cast("int32"), [whenFalse, whenTrue]);
}

/** `branches[index]()`, decided on the device; the index is clamped. All are traced; none may assign Variables. */
export function choose<Y extends TensorTree>(index: Tensor, branches: readonly (() => Y)[]): Y {
  let structure: TreeStructure<unknown> | undefined;
  const frame = new OverlayFrame(new Map(), "a branch of cond");
  const results = ir.cond(
    index,
    branches.map((branch) => () => {
      const flat = treeFlatten<unknown>(inFrame(frame, branch));
      structure ??= flat.structure;
      return tensorsOf("cond", flat.leaves);
    }),
  );
  return treeUnflatten(structure!, results) as unknown as Y;
}

export interface WhileOptions {
  /** Upper bound on the number of trips. Without it the loop has no gradient, and GPU backends refuse it. */
  readonly maxTrip?: number;
}

/** Repeats `body` while `condition` holds. Neither may assign Variables. */
export function whileLoop<C extends TensorTree>(
  condition: (carry: C) => Tensor,
  body: (carry: C) => C,
  init: C,
  options: WhileOptions = {},
): C {
  const carried = treeFlatten<unknown>(init);
  const frame = new OverlayFrame(new Map(), "a while loop");
  const tree = (leaves: readonly Tensor[]): C => treeUnflatten(carried.structure, leaves) as unknown as C;
  const results = ir.whileLoop(
    (state) => inFrame(frame, () => condition(tree(state))),
    (state) =>
      sameTree(
        carried,
        inFrame(frame, () => body(tree(state))),
      ),
    tensorsOf("while", carried.leaves),
    options,
  );
  return tree(results);
}

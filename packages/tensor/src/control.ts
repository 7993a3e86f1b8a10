import * as ir from "@tenon/ir";
import {
  checkFunction,
  checkList,
  checkOptions,
  DTypeError,
  OptionError,
  StateError,
  Tensor,
  tensorFix,
  typeText,
  valueText,
} from "@tenon/ir";
import { type TreeStructure, treeFlatten, treeFlattenLike, treeUnflatten } from "@tenon/tree";
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
 * assigned at the end; a body that assigns is run twice, since which Variables those are is known after the first time.
 */
export function scan<C extends TensorTree, X extends TensorTree, Y extends TensorTree>(
  body: (carry: C, x: X) => readonly [carry: C, y: Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [carry: C, ys: Y] {
  checkFunction("scan", "body", body);
  checkOptions("scan", options, ["length", "reverse"]);
  const carried = treeFlatten<unknown>(init);
  const sequence = treeFlatten<unknown>(xs);
  const initial = tensorsOf("scan", "init", carried.leaves);
  const elements = tensorsOf("scan", "xs", sequence.leaves);
  const outside = new OverlayFrame(new Map());
  let structure: TreeStructure<unknown> | undefined;
  /** The loop with these Variables among the carries, and all that its body assigns. */
  const attempt = (carriedToo: readonly Variable[]) => {
    const assigned = new Set(carriedToo);
    const step = (state: readonly Tensor[], x: readonly Tensor[]): [Tensor[], Tensor[]] => {
      const frame = new OverlayFrame(new Map(carriedToo.map((v, i) => [v, state[initial.length + i]!])));
      const carry = treeUnflatten(carried.structure, state.slice(0, initial.length)) as C;
      const [next, y] = pairOf(inFrame(frame, () => body(carry, treeUnflatten(sequence.structure, x) as X)));
      for (const v of frame.writes.keys()) assigned.add(v);
      const flat = treeFlatten(y);
      structure = flat.structure;
      const nexts = tensorsOf("scan", "the carry", treeFlattenLike(carried.structure, next, "scan"));
      return [[...nexts, ...carriedToo.map((v) => frame.read(v))], tensorsOf("scan", "y", flat.leaves)];
    };
    const start = [...initial, ...carriedToo.map((v) => outside.readOutside(v))];
    return { ...ir.scan(step, start, elements, options), assigned: [...assigned] };
  };
  const first = attempt([]);
  const { carry, ys } = first.assigned.length === 0 ? first : attempt(first.assigned);
  first.assigned.forEach((v, i) => {
    outside.writeOutside(v, carry[initial.length + i]!);
  });
  return [
    treeUnflatten(carried.structure, carry.slice(0, initial.length)) as C,
    treeUnflatten(structure!, ys) as unknown as Y,
  ];
}

function pairOf(returned: unknown): readonly [carry: unknown, y: unknown] {
  if (Array.isArray(returned) && returned.length === 2) return returned as [unknown, unknown];
  throw new StateError("E404", "scan", `the body returns ${valueText(returned)}, which is no pair of carry and y`, {
    fix: "return [carry, y], or [carry, null] where nothing is to be stacked",
  });
}

function tensorsOf(op: string, what: string, leaves: readonly unknown[]): Tensor[] {
  return leaves.map((leaf) => {
    if (leaf instanceof Tensor) return leaf;
    throw new StateError("E404", op, `${what} holds ${valueText(leaf)}, which is no tensor`, {
      fix: leaf === undefined ? "return tensors, or records and lists of them" : tensorFix(leaf),
    });
  });
}

/** Refuses what cannot decide on the device. */
function checkDecides(op: string, what: string, x: unknown, dtype: "bool" | "int32"): asserts x is Tensor {
  if (!(x instanceof Tensor)) {
    throw new DTypeError("E201", op, `${what} is ${valueText(x)}, which is no tensor`, {
      fix: "to decide while the function is traced, use JavaScript's if",
    });
  }
  if (x.dtype === dtype && x.shape.length === 0) return;
  throw new DTypeError("E201", op, `${what} is ${typeText(x)}, which is not one ${dtype}`, {
    fix: dtype === "bool" ? "compare it, and reduce it with all() or any()" : 'cast it, as in index.cast("int32")',
  });
}

/** `whenTrue()` or `whenFalse()`, decided on the device. Both are traced; neither may assign Variables. */
export function cond<Y extends TensorTree>(predicate: Tensor, whenTrue: () => Y, whenFalse: () => Y): Y {
  checkDecides("cond", "the predicate", predicate, "bool");
  return choose(predicate.cast("int32"), [whenFalse, whenTrue]);
}

/** `branches[index]()`, decided on the device; the index is clamped. All are traced; none may assign Variables. */
export function choose<Y extends TensorTree>(index: Tensor, branches: readonly (() => Y)[]): Y {
  checkList("cond", "branches", branches, "[() => x, () => x.neg()]");
  if (branches.length === 0)
    throw new OptionError("E803", "cond", "branches is empty", { fix: "give one function or more" });
  branches.forEach((branch, i) => {
    checkFunction("cond", `branch ${i}`, branch);
  });
  checkDecides("cond", "the index", index, "int32");
  let structure: TreeStructure<unknown> | undefined;
  const frame = new OverlayFrame(new Map(), "a branch of cond");
  const results = ir.cond(
    index,
    branches.map((branch) => () => {
      const y: unknown = inFrame(frame, branch);
      structure ??= treeFlatten(y).structure;
      return tensorsOf("cond", "the result of a branch", treeFlattenLike(structure, y, "cond"));
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
  checkFunction("while", "condition", condition);
  checkFunction("while", "body", body);
  checkOptions("while", options, ["maxTrip"]);
  const carried = treeFlatten<unknown>(init);
  const frame = new OverlayFrame(new Map(), "a while loop");
  const tree = (leaves: readonly Tensor[]): C => treeUnflatten(carried.structure, leaves) as unknown as C;
  const results = ir.whileLoop(
    (state) => {
      const decision = inFrame(frame, () => condition(tree(state)));
      checkDecides("while", "the condition", decision, "bool");
      return decision;
    },
    (state) => {
      const next: unknown = inFrame(frame, () => body(tree(state)));
      return tensorsOf("while", "the carry", treeFlattenLike(carried.structure, next, "while"));
    },
    tensorsOf("while", "init", carried.leaves),
    options,
  );
  return tree(results);
}

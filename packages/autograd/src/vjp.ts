import {
  DifferentiationError,
  isFloat,
  type Node,
  orderAfter,
  type RegionTransforms,
  sameType,
  type Tensor,
  typeText,
  withOrigin,
} from "@tenon/ir";
import { regionTransforms } from "./region.ts";
import { applyVjp, guarded, hasVjp, notDifferentiable, plus, zerosOf } from "./rules.ts";
import { walk } from "./walk.ts";

/** What reverse mode yields. */
export interface Backward {
  /** The outputs in the form that was differentiated: loops and branches in it also yield what the gradients read. */
  readonly outputs: readonly Tensor[];
  /** `Σ cotangent · ∂output/∂x` for each tensor `x` of `wrt`; null where no output depends on it. */
  readonly gradients: readonly (Tensor | null)[];
}

/**
 * Reverse mode over a graph: the cotangents of `wrt` from those of `outputs` (null: none), in one sweep over the nodes
 * that lie between them. Values of integer dtypes carry no cotangent.
 *
 * Further outputs, with null for a cotangent, come back rewritten alongside, so that nothing is computed twice.
 */
export function backward(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): Backward {
  outputs.forEach((y, i) => {
    checkCotangent(y, cotangents[i] ?? null);
  });
  const { steps, rewritten, active } = prepare(outputs, wrt, cotangents);
  const sums = new Map<Tensor, Tensor>();
  rewritten.forEach((y, i) => {
    const dy = cotangents[i] ?? null;
    if (dy !== null && active.has(y)) sums.set(y, plus(sums.get(y), dy));
  });
  for (let i = steps.length - 1; i >= 0; i--) sweep(steps[i]!, sums, active);
  return { outputs: rewritten, gradients: wrt.map((x) => sums.get(x) ?? null) };
}

function checkCotangent(y: Tensor, dy: Tensor | null): void {
  if (dy === null || sameType(y, dy)) return;
  throw new DifferentiationError("E605", "vjp", `the cotangent is ${typeText(dy)} but the output is ${typeText(y)}`, {
    fix: "give a cotangent of the output's shape and dtype",
  });
}

/** A node to be differentiated, its results in the graph at hand, and what its augmented form saved for its rule. */
interface Step {
  readonly node: Node;
  readonly results: readonly Tensor[];
  readonly residuals: readonly Tensor[];
}

interface Prepared {
  readonly steps: readonly Step[];
  readonly rewritten: readonly Tensor[];
  /** Tensors of float dtype that depend on `wrt`. */
  readonly active: ReadonlySet<Tensor>;
}

/** The nodes between `wrt` and `outputs`, with augmented forms and decompositions in the place of those that need them. */
function prepare(outputs: readonly Tensor[], wrt: readonly Tensor[], cotangents: readonly (Tensor | null)[]): Prepared {
  const active = new Set(wrt.filter((x) => isFloat(x.dtype)));
  const steps: Step[] = [];
  const differentiate = (node: Node, results: readonly Tensor[], residuals: readonly Tensor[] = []): void => {
    for (const t of results) if (isFloat(t.dtype)) active.add(t);
    steps.push({ node, results, residuals });
  };
  const aside = besides(outputs, wrt, cotangents);
  const rewritten = walk(outputs, wrt, (node, primal) => {
    if (aside.has(primal) || !node.inputs.some((t) => active.has(t))) return undefined;
    if (!node.outputs.some((t) => isFloat(t.dtype))) return undefined;
    const ruled = hasVjp(node);
    if (ruled && node.op.augment === undefined) {
      differentiate(node, node.outputs);
      return undefined;
    }
    const { results, residuals } = otherForm(node, active);
    if (ruled) differentiate(node, results, residuals);
    return { results, open: !ruled };
  });
  return { steps, rewritten, active };
}

/** Nodes that only outputs without a cotangent depend on. */
function besides(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): ReadonlySet<Node> {
  const roots = outputs.filter((_, i) => (cotangents[i] ?? null) !== null);
  if (roots.length === outputs.length) return new Set();
  const between = new Set(orderAfter(wrt, roots));
  return new Set(orderAfter(wrt, outputs).filter((node) => !between.has(node)));
}

/** What takes the place of a node that has no derivative as it stands. */
function otherForm(node: Node, active: ReadonlySet<Tensor>): Omit<Step, "node"> {
  const { op, inputs, attrs } = node;
  return withOrigin(node, () => {
    if (op.augment !== undefined) {
      return guarded(node, "augment", () => op.augment!(inputs, attrs, transformsFor(node, active)));
    }
    if (op.decompose === undefined || op.notDifferentiable !== undefined) throw notDifferentiable(node);
    return { results: guarded(node, "decompose", () => op.decompose!(inputs, attrs)), residuals: [] };
  });
}

const transformsFor = (node: Node, active: ReadonlySet<Tensor>): RegionTransforms =>
  node.op.augment === undefined
    ? regionTransforms
    : { ...regionTransforms, wanted: node.inputs.map((t) => active.has(t)) };

/** Adds to `sums` the cotangents of one node's operands. */
function sweep({ node, results, residuals }: Step, sums: Map<Tensor, Tensor>, active: ReadonlySet<Tensor>): void {
  if (!results.some((t) => sums.has(t))) return;
  withOrigin(node, () => {
    const cotangents = results.map((t) => sums.get(t) ?? zerosOf(t));
    const wanted = node.inputs.map((t) => active.has(t));
    const gradients = applyVjp(
      node,
      node.inputs,
      [...results, ...residuals],
      cotangents,
      transformsFor(node, active),
      wanted,
    );
    node.inputs.forEach((x, i) => {
      const dx = gradients[i]!;
      if (dx !== null) sums.set(x, plus(sums.get(x), dx));
    });
  });
}

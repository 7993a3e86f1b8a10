import { Fn } from "../function.ts";
import { input } from "../leaf.ts";
import type { NumericClass, SplitRegion } from "../record.ts";
import { substitute, topologicalOrder } from "../rewrite.ts";
import { withTrace } from "../scope.ts";
import type { Node, Tensor } from "../tensor.ts";

/** Classes of ops that cost no more than to read a value. */
const arithmetic: ReadonlySet<NumericClass> = new Set(["exact", "rounded"]);

/**
 * The halves without the residuals that arithmetic and moves make of others: a slope such as `s·(1 − s)` is computed again
 * from `s` by the backward half, and not stacked beside it.
 */
export function withoutDerived(half: SplitRegion): SplitRegion {
  const { forward, backward, kept } = half;
  const count = forward.results.length - half.residuals.length;
  const residuals = forward.results.slice(count);
  const read = kept.map((i) => forward.inputs[i]!);
  const derived = derivedFrom(forward.results, new Set([...read, ...residuals]));
  const base = residuals.filter((t) => !derived.has(t.node));
  if (base.length === residuals.length) return half;
  const given = [...read, ...base];
  const fresh = given.map((t) => input(t));
  const cotangents = backward.inputs.slice(kept.length + residuals.length);
  const again = withTrace(() => substitute([...read, ...residuals], new Map(given.map((t, i) => [t, fresh[i]!]))));
  return {
    ...half,
    forward: new Fn(forward.name, forward.inputs, [...forward.results.slice(0, count), ...base]),
    backward: new Fn(
      backward.name,
      [...fresh, ...cotangents],
      withTrace(() => backward.inline([...again, ...cotangents])),
    ),
    residuals: base.map(({ dtype, shape }) => ({ dtype, shape })),
  };
}

/** The nodes that are arithmetic and moves on `values`, or on constants. */
function derivedFrom(results: readonly Tensor[], values: ReadonlySet<Tensor>): ReadonlySet<Node> {
  const derived = new Set<Node>();
  for (const node of topologicalOrder(results)) {
    const { op, inputs } = node;
    const cheap = arithmetic.has(op.numeric) && (op.kind === "scalar" || op.linear === true || inputs.length === 0);
    if (op.kind !== "leaf" && cheap && inputs.every((t) => values.has(t) || derived.has(t.node))) derived.add(node);
  }
  return derived;
}

import { barrier, type Fn, type Tensor, topologicalOrder } from "@tenon/ir";
import { splatValue } from "./constant-of.ts";
import type { Pass } from "./pass.ts";

/** So many nodes are inlined into one function; functions that call each other twice would double without end. */
const MAX_INLINED = 1_000_000;

/**
 * A `call` becomes the body of its function, and a `cond` whose index is a constant the branch that it takes.
 *
 * With `recompute`, the operands go through a barrier first: what the body computes is merged with nothing outside, and
 * is computed where it stands. Exact: the same ops on the same values.
 */
export const inlineCalls: Pass = {
  name: "inline",
  start() {
    let inlined = 0;
    const inline = (fn: Fn, args: readonly Tensor[]): readonly Tensor[] | undefined => {
      inlined += topologicalOrder(fn.results).length;
      return inlined > MAX_INLINED ? undefined : fn.inline(args);
    };
    return ({ op, attrs, inputs }) => {
      if (op.name === "call")
        return inline(attrs.fn as Fn, attrs.recompute === true && inputs.length > 0 ? barrier(...inputs) : inputs);
      if (op.name !== "cond") return undefined;
      const index = splatValue(inputs[0]!);
      const fns = attrs.fns as readonly Fn[];
      if (index === undefined) return undefined;
      return inline(fns[Math.min(fns.length - 1, Math.max(0, index))]!, inputs.slice(1));
    };
  },
};

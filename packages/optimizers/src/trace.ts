import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRanges, SHARE } from "./range.ts";
import { slotsLike } from "./slots.ts";
import { Transform } from "./transform.ts";

export interface TraceOptions {
  /** Share of the trace that is kept from step to step; 0.9 by default. */
  readonly momentum?: number;
  /** Whether the update looks one step ahead; false by default. */
  readonly nesterov?: boolean;
}

export type TraceState = { velocity: TensorTree };

/** The options of `trace` and what they may be. */
export const traceRanges = { momentum: SHARE };

/**
 * A decaying sum of gradients: `v ← μ·v + g`, `u = v`; with `nesterov`, `u = g + μ·v`. Polyak 1964, Some methods of speeding
 * up the convergence of iteration methods; Sutskever, Martens, Dahl & Hinton 2013, On the importance of initialization and
 * momentum in deep learning, equations 3 and 4, in the form that takes the gradient where the parameters are.
 *
 * The learning rate scales the whole sum afterwards, as in PyTorch: after a change of the rate it acts on old gradients too.
 */
export function trace(options: TraceOptions = {}): Transform<TraceState> {
  checkRanges("trace", options, traceRanges, ["nesterov"]);
  const { momentum = 0.9, nesterov = false } = options;
  return new Transform<TraceState>({
    ...{ name: "trace", isOptimizer: false },
    init: (params) => ({ velocity: slotsLike(params) }),
    update(grads, state) {
      const velocity = treeMap((g: Tensor, v: Tensor) => v.mul(momentum).add(g), grads, state.velocity) as TensorTree;
      if (!nesterov) return [velocity, { velocity }];
      return [treeMap((g: Tensor, v: Tensor) => g.add(v.mul(momentum)), grads, velocity) as TensorTree, { velocity }];
    },
  });
}

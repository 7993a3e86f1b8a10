import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRanges, NOT_NEGATIVE } from "./range.ts";
import { inSlot, slotsLike } from "./slots.ts";
import { Transform } from "./transform.ts";

export interface AdagradRuleOptions {
  /** What the sum of squares begins with; 0.1 by default, as in Keras, where PyTorch has 0. */
  readonly initialAccumulator?: number;
  /** Added to the root, outside of it; 1e-7 by default. */
  readonly eps?: number;
}

export type AdagradState = { sum: TensorTree };

/** The options of `scaleByAdagrad` and what they may be. */
export const adagradRanges = { initialAccumulator: NOT_NEGATIVE, eps: NOT_NEGATIVE };

/**
 * Divides gradients by the root of the sum of their squares so far: `s += g²`, `u = g / (√s + eps)`.
 * Duchi, Hazan & Singer 2011, Adaptive subgradient methods for online learning and stochastic optimization, figure 1.
 */
export function scaleByAdagrad(options: AdagradRuleOptions = {}): Transform<AdagradState> {
  checkRanges("scaleByAdagrad", options, adagradRanges);
  const { initialAccumulator = 0.1, eps = 1e-7 } = options;
  return new Transform<AdagradState>({
    ...{ name: "adagrad", isOptimizer: false },
    init: (params) => ({ sum: slotsLike(params, initialAccumulator) }),
    update(grads, state) {
      const sum = treeMap((g: Tensor, s: Tensor) => s.add(inSlot(g, s).square()), grads, state.sum) as TensorTree;
      const updates = treeMap((g: Tensor, s: Tensor) => g.div(s.sqrt().add(eps)), grads, sum) as TensorTree;
      return [updates, { sum }];
    },
  });
}

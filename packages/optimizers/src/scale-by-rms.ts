import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRanges, NOT_NEGATIVE, SHARE } from "./range.ts";
import { inSlot, slotsLike } from "./slots.ts";
import { Transform } from "./transform.ts";

export interface RmsRuleOptions {
  /** Share of the mean of squared gradients that is kept from step to step; 0.9 by default. */
  readonly rho?: number;
  /** Added to the root, outside of it; 1e-7 by default. */
  readonly eps?: number;
  /** Whether the mean gradient is taken off, so that the root is a standard deviation; false by default. */
  readonly centered?: boolean;
}

export type RmsState = { square: TensorTree; mean: TensorTree };

/** The options of `scaleByRms` and what they may be. */
export const rmsRanges = { rho: SHARE, eps: NOT_NEGATIVE };

/**
 * Divides gradients by the root of their running mean square: `s += (1 − ρ)(g² − s)`, `u = g / (√s + eps)`; centered, with
 * `m += (1 − ρ)(g − m)`, `u = g / (√(s − m²) + eps)`. Tieleman & Hinton 2012, Neural networks for machine learning, lecture
 * 6e; centered: Graves 2013, arXiv:1308.0850, equations 38–40.
 *
 * The mean begins at zero and is not corrected for that: first steps are long.
 */
export function scaleByRms(options: RmsRuleOptions = {}): Transform<RmsState> {
  checkRanges("scaleByRms", options, rmsRanges, ["centered"]);
  const { rho = 0.9, eps = 1e-7, centered = false } = options;
  const towards = (slot: Tensor, value: Tensor): Tensor => slot.add(value.sub(slot).mul(1 - rho));
  return new Transform<RmsState>({
    ...{ name: "rms", isOptimizer: false },
    init: (params) => ({ square: slotsLike(params), mean: centered ? slotsLike(params) : null }),
    update(grads, state) {
      const square = treeMap(
        (g: Tensor, s: Tensor) => towards(s, inSlot(g, s).square()),
        grads,
        state.square,
      ) as TensorTree;
      if (!centered) {
        const updates = treeMap((g: Tensor, s: Tensor) => g.div(s.sqrt().add(eps)), grads, square) as TensorTree;
        return [updates, { square, mean: null }];
      }
      const mean = treeMap((g: Tensor, m: Tensor) => towards(m, inSlot(g, m)), grads, state.mean) as TensorTree;
      const updates = treeMap(
        // rounding may leave the difference a little below zero
        (g: Tensor, s: Tensor, m: Tensor) => g.div(s.sub(m.square()).maximum(0).sqrt().add(eps)),
        grads,
        square,
        mean,
      ) as TensorTree;
      return [updates, { square, mean }];
    },
  });
}

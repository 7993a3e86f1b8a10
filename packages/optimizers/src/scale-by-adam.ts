import { constant, expm1, type Tensor, type TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRanges, NOT_NEGATIVE, SHARE } from "./range.ts";
import { inSlot, slotsLike } from "./slots.ts";
import { Transform } from "./transform.ts";

export interface AdamRuleOptions {
  /** Share of the mean of gradients that is kept from step to step; 0.9 by default. */
  readonly beta1?: number;
  /** Share of the mean of squared gradients that is kept; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root, outside of it; 1e-7 by default, as in Keras, where PyTorch has 1e-8. */
  readonly eps?: number;
}

export type AdamState = { step: Tensor; mean: TensorTree; variance: TensorTree };

/** The options of `scaleByAdam` and what they may be. */
export const adamRanges = { beta1: SHARE, beta2: SHARE, eps: NOT_NEGATIVE };

/**
 * Scales gradients by running estimates of their moments: `m += (1 − β₁)(g − m)`, `v += (1 − β₂)(g² − v)`,
 * `u = m̂ / (√v̂ + eps)` with `m̂ = m / (1 − β₁ᵗ)` and `v̂ = v / (1 − β₂ᵗ)`. Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.
 *
 * Both means are written as moves towards the new value: the shares then need not add up to one after rounding, which
 * at β₂ = 0.999 would cost float32 five of its digits.
 */
export function scaleByAdam(options: AdamRuleOptions = {}): Transform<AdamState> {
  checkRanges("scaleByAdam", options, adamRanges);
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-7 } = options;
  return new Transform<AdamState>({
    ...{ name: "adam", isOptimizer: false },
    init: (params) => ({ step: constant(0, [], "int32"), mean: slotsLike(params), variance: slotsLike(params) }),
    update(grads, state) {
      const step = state.step.add(1); // a tensor, not a number: one compiled graph serves every step
      const mean = treeMap((g: Tensor, m: Tensor) => m.add(g.sub(m).mul(1 - beta1)), grads, state.mean) as TensorTree;
      const variance = treeMap(
        (g: Tensor, v: Tensor) =>
          v.add(
            inSlot(g, v)
              .square()
              .sub(v)
              .mul(1 - beta2),
          ),
        grads,
        state.variance,
      ) as TensorTree;
      const meanScale = reached(beta1, step);
      const varianceScale = reached(beta2, step);
      const updates = treeMap(
        (m: Tensor, v: Tensor) => m.div(meanScale).div(v.div(varianceScale).sqrt().add(eps)),
        mean,
        variance,
      ) as TensorTree;
      return [updates, { step, mean, variance }];
    },
  });
}

/** `1 − βᵗ`, how much of a mean that began at zero is made of gradients, without the cancellation of the subtraction. */
function reached(beta: number, step: Tensor): Tensor {
  if (beta === 0) return constant(1);
  return expm1(step.cast("float32").mul(Math.log(beta))).neg();
}

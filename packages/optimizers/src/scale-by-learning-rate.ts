import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRate, initialRate, type LearningRate, nextRate, type RateState } from "./learning-rate.ts";
import { Transform } from "./transform.ts";

/**
 * Updates against the gradient, `u = −learningRate · g`: the last link of an optimizer.
 *
 * The rate is a slot, so that the same program serves when it changes.
 */
export function scaleByLearningRate(learningRate: LearningRate): Transform<RateState> {
  checkRate("scaleByLearningRate", learningRate);
  return new Transform<RateState>({
    ...{ name: "learningRate", isOptimizer: true },
    init: () => initialRate(learningRate),
    update(grads, state) {
      const [rate, next] = nextRate(learningRate, state);
      const factor = rate.neg();
      return [treeMap((g: Tensor) => g.mul(factor), grads) as TensorTree, next];
    },
  });
}

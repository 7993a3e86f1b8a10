import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { type AdagradRuleOptions, type AdagradState, adagradRanges, scaleByAdagrad } from "./scale-by-adagrad.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Transform } from "./transform.ts";

export interface AdagradOptions extends AdagradRuleOptions {
  /** 0.01 by default. */
  readonly learningRate?: LearningRate;
}

/** AdaGrad: steps shrink by the root of the sum of squared gradients. Duchi, Hazan & Singer 2011; see `scaleByAdagrad`. */
export function adagrad(options: AdagradOptions = {}): Transform<[AdagradState, RateState]> {
  checkRanges("adagrad", options, adagradRanges, ["learningRate"]);
  const { learningRate = 0.01, ...rule } = options;
  return chainAs("adagrad", scaleByAdagrad(rule), scaleByLearningRate(learningRate));
}

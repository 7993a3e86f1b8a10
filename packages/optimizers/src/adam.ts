import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { type AdamRuleOptions, type AdamState, adamRanges, scaleByAdam } from "./scale-by-adam.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Transform } from "./transform.ts";

export interface AdamOptions extends AdamRuleOptions {
  /** 1e-3 by default. */
  readonly learningRate?: LearningRate;
}

/**
 * Adam: steps of about the learning rate, by running means of gradients and of their squares. Kingma & Ba 2015,
 * arXiv:1412.6980, algorithm 1; see `scaleByAdam`.
 *
 * `eps` is 1e-7 as in Keras; PyTorch and the paper have 1e-8.
 */
export function adam(options: AdamOptions = {}): Transform<[AdamState, RateState]> {
  checkRanges("adam", options, adamRanges, ["learningRate"]);
  const { learningRate = 1e-3, ...rule } = options;
  return chainAs("adam", scaleByAdam(rule), scaleByLearningRate(learningRate));
}

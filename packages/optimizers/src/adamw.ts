import { addDecayedWeights } from "./add-decayed-weights.ts";
import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges, NOT_NEGATIVE } from "./range.ts";
import { type AdamRuleOptions, type AdamState, adamRanges, scaleByAdam } from "./scale-by-adam.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Transform } from "./transform.ts";

export interface AdamwOptions extends AdamRuleOptions {
  /** 1e-3 by default. */
  readonly learningRate?: LearningRate;
  /** Share of the parameters that is taken off, times the learning rate; 0.01 by default. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay, `p ← p − learningRate · (u + weightDecay · p)`. Loshchilov & Hutter 2019,
 * arXiv:1711.05101, algorithm 2.
 *
 * Every parameter decays, biases too. To spare some, write the chain with `masked(addDecayedWeights(0.01), "*.weight")`.
 */
export function adamw(options: AdamwOptions = {}): Transform<[AdamState, null, RateState]> {
  checkRanges("adamw", options, { ...adamRanges, weightDecay: NOT_NEGATIVE }, ["learningRate"]);
  const { learningRate = 1e-3, weightDecay = 0.01, ...rule } = options;
  return chainAs("adamw", scaleByAdam(rule), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}

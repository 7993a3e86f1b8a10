import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import { type TraceState, trace, traceRanges } from "./trace.ts";
import type { Transform } from "./transform.ts";

export interface SgdOptions {
  /** 0.01 by default. */
  readonly learningRate?: LearningRate;
  /** Share of earlier gradients that is kept; 0 by default: no slots. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** Gradient descent, `p ← p − learningRate · g`; with `momentum` as in `trace`. Robbins & Monro 1951, A stochastic approximation method. */
export function sgd(options: SgdOptions = {}): Transform<[RateState] | [TraceState, RateState]> {
  checkRanges("sgd", options, traceRanges, ["learningRate", "nesterov"]);
  const { learningRate = 0.01, momentum = 0, nesterov = false } = options;
  const scale = scaleByLearningRate(learningRate);
  return (momentum === 0 ? chainAs("sgd", scale) : chainAs("sgd", trace({ momentum, nesterov }), scale)) as Transform<
    [RateState] | [TraceState, RateState]
  >;
}

import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import { type TraceState, trace, traceRanges } from "./trace.ts";
import type { Transform } from "./transform.ts";

export interface NesterovOptions {
  /** 0.01 by default. */
  readonly learningRate?: LearningRate;
  /** Share of earlier gradients that is kept, μ; 0.9 by default. */
  readonly momentum?: number;
}

/** Gradient descent with Nesterov momentum, `v ← μ·v + g`, `p ← p − learningRate · (g + μ·v)`. Sutskever et al. 2013; see `trace`. */
export function nesterov(options: NesterovOptions = {}): Transform<[TraceState, RateState]> {
  checkRanges("nesterov", options, traceRanges, ["learningRate"]);
  const { learningRate = 0.01, ...rule } = options;
  return chainAs("nesterov", trace({ ...rule, nesterov: true }), scaleByLearningRate(learningRate));
}

import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import { type TraceState, trace, traceRanges } from "./trace.ts";
import type { Transform } from "./transform.ts";

export interface MomentumOptions {
  /** 0.01 by default. */
  readonly learningRate?: LearningRate;
  /** Share of earlier gradients that is kept, μ; 0.9 by default. */
  readonly momentum?: number;
}

/** Gradient descent with momentum, `v ← μ·v + g`, `p ← p − learningRate · v`. Polyak 1964; see `trace`. */
export function momentum(options: MomentumOptions = {}): Transform<[TraceState, RateState]> {
  checkRanges("momentum", options, traceRanges, ["learningRate"]);
  const { learningRate = 0.01, ...rule } = options;
  return chainAs("momentum", trace({ ...rule }), scaleByLearningRate(learningRate));
}

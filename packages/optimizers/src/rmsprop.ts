import { chainAs } from "./chain.ts";
import type { LearningRate, RateState } from "./learning-rate.ts";
import { checkRanges } from "./range.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import { type RmsRuleOptions, type RmsState, rmsRanges, scaleByRms } from "./scale-by-rms.ts";
import { type TraceState, trace, traceRanges } from "./trace.ts";
import type { Transform } from "./transform.ts";

export interface RmspropOptions extends RmsRuleOptions {
  /** 1e-3 by default. */
  readonly learningRate?: LearningRate;
  /** Share of earlier updates that is kept; 0 by default: no slots. */
  readonly momentum?: number;
}

/**
 * RMSprop: gradients divided by their running root mean square, with `momentum` as in `trace` on what comes out. Tieleman &
 * Hinton 2012; see `scaleByRms`.
 *
 * ρ is 0.9 as in Keras, where PyTorch's alpha is 0.99.
 */
export function rmsprop(
  options: RmspropOptions = {},
): Transform<[RmsState, RateState] | [RmsState, TraceState, RateState]> {
  checkRanges("rmsprop", options, { ...rmsRanges, ...traceRanges }, ["learningRate", "centered"]);
  const { learningRate = 1e-3, momentum = 0, ...rule } = options;
  const scale = scaleByLearningRate(learningRate);
  return (
    momentum === 0
      ? chainAs("rmsprop", scaleByRms(rule), scale)
      : chainAs("rmsprop", scaleByRms(rule), trace({ momentum }), scale)
  ) as Transform<[RmsState, RateState] | [RmsState, TraceState, RateState]>;
}

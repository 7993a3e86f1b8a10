export { type AccumulateState, accumulate } from "./accumulate.ts";
export { type AdagradOptions, adagrad } from "./adagrad.ts";
export { type AdamOptions, adam } from "./adam.ts";
export { type AdamwOptions, adamw } from "./adamw.ts";
export { addDecayedWeights } from "./add-decayed-weights.ts";
export type { BindOptions, BoundOptimizer } from "./bound-optimizer.ts";
export { chain, type StatesOf } from "./chain.ts";
export { clipByGlobalNorm, globalNorm } from "./clip-by-global-norm.ts";
export { clipByNorm } from "./clip-by-norm.ts";
export { clipByValue } from "./clip-by-value.ts";
export {
  defineOptimizer,
  type OptimizerDefinition,
  type OptionsOf,
  type Settings,
  type Slots,
} from "./define-optimizer.ts";
export type { LearningRate, RateState, Schedule } from "./learning-rate.ts";
export { masked } from "./masked.ts";
export { type MomentumOptions, momentum } from "./momentum.ts";
export { type NesterovOptions, nesterov } from "./nesterov.ts";
export { parameterGroups } from "./parameter-groups.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export { type AdagradRuleOptions, type AdagradState, scaleByAdagrad } from "./scale-by-adagrad.ts";
export { type AdamRuleOptions, type AdamState, scaleByAdam } from "./scale-by-adam.ts";
export { scaleByLearningRate } from "./scale-by-learning-rate.ts";
export { type RmsRuleOptions, type RmsState, scaleByRms } from "./scale-by-rms.ts";
export { constantRate } from "./schedules/constant-rate.ts";
export { type CosineDecayOptions, cosineDecay } from "./schedules/cosine-decay.ts";
export { type ExponentialDecayOptions, exponentialDecay } from "./schedules/exponential-decay.ts";
export { type StepDecayOptions, stepDecay } from "./schedules/step-decay.ts";
export { type WarmupOptions, warmup } from "./schedules/warmup.ts";
export type { Selection } from "./selection.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
export { type TraceOptions, type TraceState, trace } from "./trace.ts";
export { Transform, type TransformRule, transform } from "./transform.ts";

export { type ArgOptions, argmax, argmaxOp, argmin, argminOp } from "./argmax.ts";
export * from "./arithmetic.ts";
export { barrier, barrierOp } from "./barrier.ts";
export {
  type BatchNormOptions,
  type BatchNormResult,
  batchNorm,
  batchNormInference,
  batchNormInferenceOp,
  batchNormOp,
} from "./batch-norm.ts";
export * from "./bits.ts";
export { call, callOp } from "./call.ts";
export * from "./cast.ts";
export { clamp } from "./clamp.ts";
export * from "./compare.ts";
export * from "./composite.ts";
export * from "./concat.ts";
export { type Branch, type CondOptions, cond, condOp } from "./cond.ts";
export * from "./constant.ts";
export { cumsum, cumsumOp } from "./cumsum.ts";
export * from "./dot.ts";
export { dropout, dropoutOp } from "./dropout.ts";
export { dynamicSlice, dynamicSliceOp, dynamicUpdate, dynamicUpdateOp } from "./dynamic.ts";
export { embedding, embeddingOp } from "./embedding.ts";
export * from "./exponential.ts";
export { gather, gatherOp, take, takeAlong } from "./gather.ts";
export { gelu } from "./gelu.ts";
export { type GroupNormOptions, groupNorm, groupNormOp } from "./group-norm.ts";
export { isNaN } from "./is-nan.ts";
export { type LayerNormOptions, layerNorm, layerNormOp } from "./layer-norm.ts";
export { type LinearActivation, type LinearOptions, linear, linearOp } from "./linear.ts";
export { logSoftmax } from "./log-softmax.ts";
export { logSumExp, logSumExpOp } from "./log-sum-exp.ts";
export * from "./matmul.ts";
export { mean, meanOp } from "./mean.ts";
export * from "./move.ts";
export { oneHot, oneHotOp } from "./one-hot.ts";
export { type OpaqueOptions, opaque, opaqueOp } from "./opaque.ts";
export * from "./pad.ts";
export {
  type NormalOptions,
  randomBernoulli,
  randomNormal,
  randomUniform,
  rngBernoulliOp,
  rngNormalOp,
  rngUniformOp,
  type UniformOptions,
} from "./random.ts";
export * from "./reduce.ts";
export { relu } from "./relu.ts";
export * from "./reshape.ts";
export { type RmsNormOptions, rmsNorm, rmsNormOp } from "./rms-norm.ts";
export { foldIn, randomBits, rngBitsOp, rngFoldInOp, rngSplitOp, splitKey } from "./rng.ts";
export * from "./round.ts";
export { type ScanKind, type Scanned, type ScanOptions, scan, scanOp } from "./scan.ts";
export { putAlong, type ScatterMode, type ScatterOptions, scatter, scatterOp } from "./scatter.ts";
export { sigmoid } from "./sigmoid.ts";
export { silu } from "./silu.ts";
export * from "./slice.ts";
export { softmax } from "./softmax.ts";
export { softmaxCrossEntropy, softmaxXentOp } from "./softmax-cross-entropy.ts";
export { softplus } from "./softplus.ts";
export { argsort, type SortOptions, sort, sortOp, sortWith } from "./sort.ts";
export { stopGradient } from "./stop-gradient.ts";
export { topK, topKOp } from "./top-k.ts";
export * from "./trigonometric.ts";
export { variance, varianceOp } from "./variance.ts";
export { type WhileOptions, whileLoop, whileOp } from "./while.ts";
export { fold, foldOp, type WindowOptions, windows, windowsOp } from "./windows.ts";

export { adaptiveAvgPool } from "./adaptive-avg-pool.ts";
export { type ArgOptions, argmax, argmaxOp, argmin, argminOp } from "./argmax.ts";
export {
  abs,
  add,
  div,
  intDiv,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  rem,
  sign,
  square,
  sub,
} from "./arithmetic.ts";
export { type AttentionOptions, attention, attentionOp } from "./attention.ts";
export { attentionBackwardOp } from "./attention-backward.ts";
export { type AvgPoolOptions, avgPool, avgPoolOp } from "./avg-pool.ts";
export { barrier, barrierOp } from "./barrier.ts";
export {
  type BatchNormOptions,
  type BatchNormResult,
  batchNorm,
  batchNormInference,
  batchNormInferenceOp,
  batchNormOp,
} from "./batch-norm.ts";
export { and, not, or, shl, shr, xor } from "./bits.ts";
export { type CallOptions, call, callOp } from "./call.ts";
export { bitcast, cast, convert } from "./cast.ts";
export { clamp } from "./clamp.ts";
export {
  compare,
  equal,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  notEqual,
  select,
  where,
} from "./compare.ts";
export { type CompositeOptions, composite } from "./composite.ts";
export { type AxisOption, concat, concatOp, split, stack } from "./concat.ts";
export { type Branch, type CondOptions, cond, condOp } from "./cond.ts";
export { constant, constantOp, dimOp, iota, iotaOp, MAX_CONSTANT_BYTES } from "./constant.ts";
export { type ConvOptions, conv, convOp } from "./conv.ts";
export { type ConvTransposeOptions, convTranspose } from "./conv-transpose.ts";
export { cumsum, cumsumOp } from "./cumsum.ts";
export { dotOp, type Precision } from "./dot.ts";
export { dropout, dropoutOp } from "./dropout.ts";
export { dynamicSlice, dynamicSliceOp, dynamicUpdate, dynamicUpdateOp } from "./dynamic.ts";
export { einsum } from "./einsum.ts";
export { embedding, embeddingOp } from "./embedding.ts";
export { erf, exp, expm1, log, log1p, rsqrt, sqrt } from "./exponential.ts";
export { gather, gatherOp, take, takeAlong } from "./gather.ts";
export { gelu } from "./gelu.ts";
export { type GroupNormOptions, groupNorm, groupNormOp } from "./group-norm.ts";
export { type GruCellOptions, gruCell, gruCellOp } from "./gru-cell.ts";
export { isNaN } from "./is-nan.ts";
export { type LayerNormOptions, layerNorm, layerNormOp } from "./layer-norm.ts";
export { type LinearActivation, type LinearOptions, linear, linearOp } from "./linear.ts";
export { logSoftmax } from "./log-softmax.ts";
export { logSumExp, logSumExpOp } from "./log-sum-exp.ts";
export { lstmCell, lstmCellOp } from "./lstm-cell.ts";
export { currentPrecision, type DotOptions, dot, matmul, tensordot, withPrecision } from "./matmul.ts";
export { maxPool, maxPoolOp } from "./max-pool.ts";
export { mean, meanOp } from "./mean.ts";
export { broadcastOp, broadcastTo, moveAxis, reverse, reverseOp, swapAxes, transpose, transposeOp } from "./move.ts";
export { oneHot, oneHotOp } from "./one-hot.ts";
export { type OpaqueOptions, opaque, opaqueOp } from "./opaque.ts";
export { type PadOptions, pad, padOp } from "./pad.ts";
export { type PadMode, type PadWithOptions, padWith } from "./pad-with.ts";
export type { PoolOptions } from "./pool.ts";
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
export { all, any, max, min, prod, type ReduceOptions, reduceOp, sum } from "./reduce.ts";
export { relu } from "./relu.ts";
export { expandDims, flatten, reshape, reshapeOp, squeeze } from "./reshape.ts";
export { type ResizeOptions, resize, resizeOp } from "./resize.ts";
export { type RmsNormOptions, rmsNorm, rmsNormOp } from "./rms-norm.ts";
export { foldIn, randomBits, rngBitsOp, rngFoldInOp, rngSplitOp, splitKey } from "./rng.ts";
export { type RopeOptions, rope, ropeOp } from "./rope.ts";
export { ceil, floor, round } from "./round.ts";
export { type ScanKind, type Scanned, type ScanOptions, scan, scanOp } from "./scan.ts";
export { putAlong, type ScatterMode, type ScatterOptions, scatter, scatterOp } from "./scatter.ts";
export { segmentSum } from "./segment-sum.ts";
export { sigmoid } from "./sigmoid.ts";
export { silu } from "./silu.ts";
export { type SliceOptions, slice, sliceAxis, sliceOp } from "./slice.ts";
export { softmax } from "./softmax.ts";
export { softmaxCrossEntropy, softmaxXentOp } from "./softmax-cross-entropy.ts";
export { softplus } from "./softplus.ts";
export { argsort, type SortOptions, sort, sortOp, sortWith } from "./sort.ts";
export type { Padding, PerAxis } from "./spatial.ts";
export { stopGradient } from "./stop-gradient.ts";
export { topK, topKOp } from "./top-k.ts";
export { causalMask, tril, triu } from "./triangle.ts";
export { cos, sin, tanh } from "./trigonometric.ts";
export { variance, varianceOp } from "./variance.ts";
export { type WhileOptions, whileLoop, whileOp } from "./while.ts";
export { fold, foldOp, type WindowOptions, windows, windowsOp } from "./windows.ts";

import * as adaptiveAvgPool from "./ops/adaptive-avg-pool.ts";
import * as argmax from "./ops/argmax.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import * as attention from "./ops/attention.ts";
import * as attentionBackward from "./ops/attention-backward.ts";
import * as avgPool from "./ops/avg-pool.ts";
import * as barrier from "./ops/barrier.ts";
import * as batchNorm from "./ops/batch-norm.ts";
import * as bits from "./ops/bits.ts";
import * as call from "./ops/call.ts";
import * as cast from "./ops/cast.ts";
import * as clamp from "./ops/clamp.ts";
import * as compare from "./ops/compare.ts";
import * as composite from "./ops/composite.ts";
import * as concat from "./ops/concat.ts";
import * as cond from "./ops/cond.ts";
import * as constant from "./ops/constant.ts";
import * as conv from "./ops/conv.ts";
import * as convTranspose from "./ops/conv-transpose.ts";
import * as cumsum from "./ops/cumsum.ts";
import * as dot from "./ops/dot.ts";
import * as dropout from "./ops/dropout.ts";
import * as dynamic from "./ops/dynamic.ts";
import * as einsum from "./ops/einsum.ts";
import * as embedding from "./ops/embedding.ts";
import * as exponential from "./ops/exponential.ts";
import * as gather from "./ops/gather.ts";
import * as gelu from "./ops/gelu.ts";
import * as groupNorm from "./ops/group-norm.ts";
import * as gruCell from "./ops/gru-cell.ts";
import * as isNan from "./ops/is-nan.ts";
import * as layerNorm from "./ops/layer-norm.ts";
import * as linear from "./ops/linear.ts";
import * as logSoftmax from "./ops/log-softmax.ts";
import * as logSumExp from "./ops/log-sum-exp.ts";
import * as lstmCell from "./ops/lstm-cell.ts";
import * as matmul from "./ops/matmul.ts";
import * as maxPool from "./ops/max-pool.ts";
import * as mean from "./ops/mean.ts";
import * as move from "./ops/move.ts";
import * as oneHot from "./ops/one-hot.ts";
import * as pad from "./ops/pad.ts";
import * as padWith from "./ops/pad-with.ts";
import * as random from "./ops/random.ts";
import * as reduce from "./ops/reduce.ts";
import * as relu from "./ops/relu.ts";
import * as reshape from "./ops/reshape.ts";
import * as resize from "./ops/resize.ts";
import * as rmsNorm from "./ops/rms-norm.ts";
import * as rng from "./ops/rng.ts";
import * as rope from "./ops/rope.ts";
import * as round from "./ops/round.ts";
import * as scan from "./ops/scan.ts";
import * as scatter from "./ops/scatter.ts";
import * as segmentSum from "./ops/segment-sum.ts";
import * as sigmoid from "./ops/sigmoid.ts";
import * as silu from "./ops/silu.ts";
import * as slice from "./ops/slice.ts";
import * as softmax from "./ops/softmax.ts";
import * as softmaxCrossEntropy from "./ops/softmax-cross-entropy.ts";
import * as softplus from "./ops/softplus.ts";
import * as sort from "./ops/sort.ts";
import * as stopGradient from "./ops/stop-gradient.ts";
import * as topK from "./ops/top-k.ts";
import * as triangle from "./ops/triangle.ts";
import * as trigonometric from "./ops/trigonometric.ts";
import * as variance from "./ops/variance.ts";
import * as whileLoop from "./ops/while.ts";
import * as windows from "./ops/windows.ts";
import type { Sample } from "./sample.ts";

export * from "./sample.ts";

/** The files whose exports named `…Samples` are collected. */
const files: readonly object[] = [
  adaptiveAvgPool,
  argmax,
  arithmetic,
  attention,
  attentionBackward,
  avgPool,
  barrier,
  batchNorm,
  bits,
  call,
  cast,
  clamp,
  compare,
  composite,
  concat,
  cond,
  constant,
  conv,
  convTranspose,
  cumsum,
  dot,
  dropout,
  dynamic,
  einsum,
  embedding,
  exponential,
  gather,
  gelu,
  groupNorm,
  gruCell,
  isNan,
  layerNorm,
  linear,
  logSoftmax,
  logSumExp,
  lstmCell,
  matmul,
  maxPool,
  mean,
  move,
  oneHot,
  pad,
  padWith,
  random,
  reduce,
  relu,
  reshape,
  resize,
  rmsNorm,
  rng,
  rope,
  round,
  scan,
  scatter,
  segmentSum,
  sigmoid,
  silu,
  slice,
  softmax,
  softmaxCrossEntropy,
  softplus,
  sort,
  stopGradient,
  topK,
  triangle,
  trigonometric,
  variance,
  whileLoop,
  windows,
];

/** Every sample of every op of this package. */
export const allSamples = (): readonly Sample[] =>
  files.flatMap((file) =>
    Object.entries(file).flatMap(([name, samples]) =>
      name.endsWith("Samples") ? (samples as () => readonly Sample[])() : [],
    ),
  );

import type { Batching } from "./beside.ts";
import { attentionBatching, attentionOp } from "./ops/attention.ts";
import { attentionBackwardBatching, attentionBackwardOp } from "./ops/attention-backward.ts";
import { avgPoolBatching, avgPoolOp } from "./ops/avg-pool.ts";
import { barrierBatching, barrierOp } from "./ops/barrier.ts";
import { callBatching, callOp } from "./ops/call.ts";
import { compositeBatching } from "./ops/composite.ts";
import { compositeOp } from "./ops/composite-op.ts";
import { concatBatching, concatOp } from "./ops/concat.ts";
import { condBatching, condOp } from "./ops/cond.ts";
import { convBatching, convOp } from "./ops/conv.ts";
import { cumsumBatching, cumsumOp } from "./ops/cumsum.ts";
import { dotBatching, dotOp } from "./ops/dot.ts";
import { dynamicSliceBatching, dynamicSliceOp, dynamicUpdateBatching, dynamicUpdateOp } from "./ops/dynamic.ts";
import { embeddingBatching, embeddingOp } from "./ops/embedding.ts";
import { gatherBatching, gatherOp } from "./ops/gather.ts";
import { layerNormBatching, layerNormOp } from "./ops/layer-norm.ts";
import { logSoftmax, logSoftmaxBatching } from "./ops/log-softmax.ts";
import { logSumExpBatching, logSumExpOp } from "./ops/log-sum-exp.ts";
import { maxPoolBatching, maxPoolOp } from "./ops/max-pool.ts";
import { meanBatching, meanOp } from "./ops/mean.ts";
import {
  broadcastBatching,
  broadcastOp,
  reverseBatching,
  reverseOp,
  transposeBatching,
  transposeOp,
} from "./ops/move.ts";
import { oneHotBatching, oneHotOp } from "./ops/one-hot.ts";
import { padBatching, padOp } from "./ops/pad.ts";
import { reduceBatching, reduceOp } from "./ops/reduce.ts";
import { reshapeBatching, reshapeOp } from "./ops/reshape.ts";
import { resizeBatching, resizeOp } from "./ops/resize.ts";
import { rmsNormBatching, rmsNormOp } from "./ops/rms-norm.ts";
import { ropeBatching, ropeOp } from "./ops/rope.ts";
import { scanBatching, scanOp } from "./ops/scan.ts";
import { scatterBatching, scatterOp } from "./ops/scatter.ts";
import { sliceBatching, sliceOp } from "./ops/slice.ts";
import { softmax, softmaxBatching } from "./ops/softmax.ts";
import { softmaxXentBatching, softmaxXentOp } from "./ops/softmax-cross-entropy.ts";
import { sortBatching, sortOp } from "./ops/sort.ts";
import { stopGradient, stopGradientBatching } from "./ops/stop-gradient.ts";
import { topKBatching, topKOp } from "./ops/top-k.ts";
import { varianceBatching, varianceOp } from "./ops/variance.ts";
import { whileBatching, whileOp } from "./ops/while.ts";
import { foldBatching, foldOp, windowsBatching, windowsOp } from "./ops/windows.ts";
import type { OpRecord } from "./record.ts";
import { Tensor } from "./tensor.ts";

/** The structural and composite ops of this package that have a rule. */
const rules: ReadonlyMap<OpRecord, Batching<any>> = new Map<OpRecord, Batching<any>>([
  [attentionOp, attentionBatching],
  [attentionBackwardOp, attentionBackwardBatching],
  [avgPoolOp, avgPoolBatching],
  [barrierOp, barrierBatching],
  [callOp, callBatching],
  [compositeOp, compositeBatching],
  [concatOp, concatBatching],
  [condOp, condBatching],
  [convOp, convBatching],
  [cumsumOp, cumsumBatching],
  [dotOp, dotBatching],
  [dynamicSliceOp, dynamicSliceBatching],
  [dynamicUpdateOp, dynamicUpdateBatching],
  [embeddingOp, embeddingBatching],
  [gatherOp, gatherBatching],
  [layerNormOp, layerNormBatching],
  [logSoftmax.op, logSoftmaxBatching],
  [logSumExpOp, logSumExpBatching],
  [maxPoolOp, maxPoolBatching],
  [meanOp, meanBatching],
  [broadcastOp, broadcastBatching],
  [transposeOp, transposeBatching],
  [reverseOp, reverseBatching],
  [oneHotOp, oneHotBatching],
  [padOp, padBatching],
  [reduceOp, reduceBatching],
  [reshapeOp, reshapeBatching],
  [resizeOp, resizeBatching],
  [rmsNormOp, rmsNormBatching],
  [ropeOp, ropeBatching],
  [scanOp, scanBatching],
  [scatterOp, scatterBatching],
  [sliceOp, sliceBatching],
  [softmaxXentOp, softmaxXentBatching],
  [softmax.op, softmaxBatching],
  [sortOp, sortBatching],
  [stopGradient.op, stopGradientBatching],
  [topKOp, topKBatching],
  [varianceOp, varianceBatching],
  [whileOp, whileBatching],
  [windowsOp, windowsBatching],
  [foldOp, foldBatching],
]);

type Rule = NonNullable<OpRecord["batch"]>;

/** How an op is applied to many examples at once, where that is stated: by its record, or for the ops of this package here. */
export function batchingOf(op: OpRecord): Rule | undefined {
  const rule = rules.get(op);
  if (rule === undefined) return op.batch;
  return (args, batched, attrs, size, ad) => {
    const results = rule(args as never, batched as never, attrs, size, ad);
    return results instanceof Tensor ? [results] : results;
  };
}

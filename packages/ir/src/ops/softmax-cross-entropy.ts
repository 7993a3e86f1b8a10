import type { Batching } from "../beside.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, convertTo } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { elementwiseType, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf, values } from "../sample.ts";
import { sameShape, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { exp, log } from "./exponential.ts";
import { takeAlong } from "./gather.ts";
import { toIndices } from "./indexing.ts";
import { oneHot } from "./one-hot.ts";
import { sum } from "./reduce.ts";
import { expandDims, squeeze } from "./reshape.ts";
import { largest } from "./statistic.ts";
import { isUnused } from "./unused.ts";

/**
 * Cross-entropy in nats between `logits` and integer class `labels`, `log Σ_j exp(x_j) − x_label`, and the softmax `p`.
 * (…, classes), (…) → (…), (…, classes)
 *
 * The gradient is `p − onehot(label)`. Both terms of the loss are shifted by the largest logit, which costs no digits
 * where logits are large. A label out of range is no class: its loss is `log Σ_j exp(x_j − max x)`, its gradient `p`.
 */
export const softmaxXentOp: OpRecord = opRecord({
  name: "nn.softmax_xent",
  version: 1,
  numeric: "accumulate",
  inputs: ["logits", "labels"],
  results: ["loss", "p"],
  type([logits, labels]) {
    const { dtype, shape } = elementwiseType([logits], "float", ["logits"]);
    if (shape.length === 0) fail("E206", "logits have rank 0, below 1, in (…,classes),(…)->(…)");
    if (labels.dtype !== "int32") failDType(`labels are ${labels.dtype} where int32 is wanted`, "convert them");
    const rows = shape.slice(0, -1);
    if (!sameShape(labels.shape, rows))
      fail(
        "E203",
        `labels are ${shapeText(labels.shape)} where ${shapeText(rows)} is wanted, in (…,classes),(…)->(…)`,
        "give one label per row of logits",
      );
    return [
      { dtype, shape: rows },
      { dtype, shape },
    ];
  },
  decompose([logits, labels]) {
    const wide = widen(logits);
    const shifted = wide.sub(largest(wide, [wide.rank - 1]));
    const e = exp(shifted);
    const total = sum(e, { axis: -1, keepDims: true });
    const loss = squeeze(log(total), -1).sub(takeAlong(shifted, labels));
    return [convertTo(loss, logits.dtype), convertTo(e.div(total), logits.dtype)];
  },
  vjp([logits, labels], [_loss, p], [dLoss, dp]) {
    const wide = widen(p);
    const fromLoss = wide
      .sub(oneHot(labels, logits.shape.at(-1)!, { dtype: wide.dtype }))
      .mul(expandDims(widen(dLoss), -1));
    if (isUnused(dp)) return [convertTo(fromLoss, logits.dtype), null];
    const weighted = widen(dp).mul(wide);
    const fromP = weighted.sub(wide.mul(sum(weighted, { axis: -1, keepDims: true })));
    return [convertTo(fromLoss.add(fromP), logits.dtype), null];
  },
});

export const softmaxXentBatching: Batching<["logits", "labels"]> = (args, batched, _attrs, size) =>
  applyOp(softmaxXentOp, alignBatch(args, batched, size));

/**
 * Cross-entropy in nats between `logits` and integer class `labels`, one value per row. (…, classes), (…) → (…)
 *
 * It takes logits, not probabilities: the logarithm of a small probability is already lost.
 */
export const softmaxCrossEntropy = (logits: Tensor, labels: Operand): Tensor =>
  applyOp(softmaxXentOp, [toFloat(logits), toIndices("softmaxCrossEntropy", labels)])[0]!;

export const softmaxXentSamples = () =>
  samplesOf(softmaxXentOp, [
    [normal([4, 7]), integers([4], 0, 6)],
    [normal([2, 3, 5]), integers([2, 3], 0, 4)],
    [normal([3]), integers([], 0, 2)],
    [values([1e4, 0, -1e4, 0, 1e4, 0], [2, 3]), integers([2], 0, 2)],
    [normal([3, 6], { dtype: "float16", scale: 3 }), integers([3], 0, 5)],
    [normal([0, 3]), integers([0], 0, 2)],
  ]);

export const softmaxCrossEntropySamples = () =>
  samplesOf(softmaxCrossEntropy, [[normal([4, 7]), integers([4], 0, 6, "uint8")]]);

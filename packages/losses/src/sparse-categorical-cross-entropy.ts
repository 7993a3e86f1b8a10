import {
  checkTensor,
  DTypeError,
  isFloat,
  log,
  logSumExp,
  mean,
  ShapeError,
  sameShape,
  softmaxCrossEntropy,
  type Tensor,
  takeAlong,
} from "@tenon/tensor";
import { type ClassOptions, checkClassOptions, classesOf, isColumnOf, PROBABILITY_FLOOR, wide } from "./operands.ts";

/**
 * Cross-entropy in nats between class numbers `y` from 0 and the predicted distribution, `−log p_y`.
 * (…, classes), (…) → (…)
 *
 * Predictions are logits, with `p = softmax(x)`: one op, computed without overflow. With `fromProbabilities` they are `p`,
 * held at or above 1e-7. `labelSmoothing` α gives `(1 − α)·(−log p_y) + α·mean_j(−log p_j)`. A label that is no class
 * cannot be seen in the graph; `checkLabels` finds it on the host.
 */
export function sparseCategoricalCrossEntropy(
  predictions: Tensor,
  targets: Tensor,
  options: ClassOptions = {},
): Tensor {
  const op = "sparseCategoricalCrossEntropy";
  checkClassOptions(op, options);
  const { fromProbabilities = false, labelSmoothing = 0 } = options;
  checkTensor(op, "predictions", predictions);
  classesOf(op, predictions);
  const labels = labelsOf(op, predictions, targets);
  const x = wide(predictions);
  if (fromProbabilities) {
    const logs = log(x.maximum(PROBABILITY_FLOOR));
    return smoothed(takeAlong(logs, labels).neg(), () => mean(logs, { axis: -1 }).neg(), labelSmoothing);
  }
  const spread = (): Tensor => logSumExp(x, { axis: -1 }).sub(mean(x, { axis: -1 }));
  return smoothed(softmaxCrossEntropy(x, labels), spread, labelSmoothing);
}

const smoothed = (loss: Tensor, spread: () => Tensor, share: number): Tensor =>
  share === 0 ? loss : loss.mul(1 - share).add(spread().mul(share));

/** Class numbers, one per row of predictions; a last axis of size 1 is dropped. */
export function labelsOf(op: string, predictions: Tensor, targets: Tensor): Tensor {
  checkTensor(op, "targets", targets);
  const rows = predictions.shape.slice(0, -1);
  const isOneHot = sameShape(predictions.shape, targets.shape);
  if (isFloat(targets.dtype) || (isOneHot && targets.dtype === "bool")) {
    throw new DTypeError("E201", op, `targets are ${targets.dtype} where class numbers are wanted`, {
      operands: { predictions, targets },
      fix: isOneHot ? "for rows use categoricalCrossEntropy" : 'convert them, as in targets.cast("int32")',
    });
  }
  if (sameShape(targets.shape, rows)) return targets.cast("int32");
  if (isColumnOf(targets.shape, rows)) return targets.squeeze(-1).cast("int32");
  throw new ShapeError("E204", op, "there is not one target per row of predictions, in (…,classes),(…)->(…)", {
    operands: { predictions, targets },
    fix: isOneHot ? "for rows use categoricalCrossEntropy" : "give one class number per row",
  });
}

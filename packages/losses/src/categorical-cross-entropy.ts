import { log, logSoftmax, sum, type Tensor, toTensor } from "@tenon/tensor";
import { type ClassOptions, checkClassOptions, classesOf, PROBABILITY_FLOOR, paired } from "./operands.ts";

/**
 * Cross-entropy in nats between a distribution over classes, such as a one-hot row, and the predicted one:
 * `−Σ_j t_j·log p_j`. (…, classes), (…, classes) → (…)
 *
 * Predictions are logits, with `p = softmax(x)`; with `fromProbabilities` they are `p`, held at or above 1e-7.
 * `labelSmoothing` α turns `t` into `(1 − α)·t + α / classes`. For class numbers `sparseCategoricalCrossEntropy` is faster.
 */
export function categoricalCrossEntropy(
  predictions: Tensor,
  targets: Tensor | number,
  options: ClassOptions = {},
): Tensor {
  checkClassOptions("categoricalCrossEntropy", options);
  const { fromProbabilities = false, labelSmoothing = 0 } = options;
  const [x, hard] = paired("categoricalCrossEntropy", predictions, targets);
  const classes = classesOf("categoricalCrossEntropy", x);
  const t =
    labelSmoothing === 0
      ? hard
      : hard.mul(1 - labelSmoothing).add(toTensor("div", labelSmoothing, x.dtype).div(classes));
  return sum(t.mul(fromProbabilities ? log(x.maximum(PROBABILITY_FLOOR)) : logSoftmax(x)), { axis: -1 }).neg();
}

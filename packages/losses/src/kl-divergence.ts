import { checkOptions, greater, log, logSoftmax, sum, type Tensor, where } from "@tenon/tensor";
import { classesOf, PROBABILITY_FLOOR, paired } from "./operands.ts";

export interface KlOptions {
  /** Whether predictions are probabilities; false by default: they are logits. */
  readonly fromProbabilities?: boolean;
}

/**
 * What the predicted distribution costs in nats beyond the true one, `Σ_j t_j·(log t_j − log p_j)`, with `0·log 0 = 0`.
 * (…, classes), (…, classes) → (…)
 *
 * Kullback & Leibler 1951, On information and sufficiency. Predictions are logits, with `p = softmax(x)`; with
 * `fromProbabilities` they are `p`, held at or above 1e-7. PyTorch takes log-probabilities, which are logits too.
 */
export function klDivergence(predictions: Tensor, targets: Tensor, options: KlOptions = {}): Tensor {
  checkOptions("klDivergence", options, ["fromProbabilities"]);
  const { fromProbabilities = false } = options;
  const [x, t] = paired("klDivergence", predictions, targets);
  classesOf("klDivergence", x);
  const logT = log(where(greater(t, 0), t, 1));
  return sum(t.mul(logT.sub(fromProbabilities ? log(x.maximum(PROBABILITY_FLOOR)) : logSoftmax(x))), { axis: -1 });
}

import { relu, type Tensor } from "@tenon/tensor";
import { meanOfFeatures, paired } from "./operands.ts";

/**
 * Mean over the last axis of `max(0, 1 − t·x)`, for targets of −1 and 1. (…, questions), (…, questions) → (…)
 *
 * Rosasco et al. 2004, Are loss functions all the same?, section 2. Targets of dtype bool count as −1 and 1; numbers 0 and 1
 * do not, since a 0 could be meant. Predictions of rank 1 are one question per example.
 */
export function hinge(predictions: Tensor, targets: Tensor | number): Tensor {
  const [x, t] = paired("hinge", predictions, targets);
  const signs = typeof targets !== "number" && targets.dtype === "bool" ? t.mul(2).sub(1) : t;
  return meanOfFeatures(relu(x.mul(signs).neg().add(1)));
}

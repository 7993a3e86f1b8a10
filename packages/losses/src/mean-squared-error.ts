import type { Tensor } from "@tenon/tensor";
import { meanOfFeatures, paired } from "./operands.ts";

/**
 * Mean over the features of `(x − t)²`. (…, features), (…, features) → (…)
 *
 * Predictions of rank 1 are one feature per example: (examples) → (examples).
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor | number): Tensor {
  const [x, t] = paired("meanSquaredError", predictions, targets);
  return meanOfFeatures(x.sub(t).square());
}

import { abs, type Tensor } from "@tenon/tensor";
import { meanOfFeatures, paired } from "./operands.ts";

/**
 * Mean over the features of `|x − t|`, with slope 0 where they are equal. (…, features), (…, features) → (…)
 *
 * Predictions of rank 1 are one feature per example: (examples) → (examples).
 */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor | number): Tensor {
  const [x, t] = paired("meanAbsoluteError", predictions, targets);
  return meanOfFeatures(abs(x.sub(t)));
}

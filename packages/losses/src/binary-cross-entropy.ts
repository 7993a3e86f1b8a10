import { log, log1p, softplus, type Tensor } from "@tenon/tensor";
import { type ClassOptions, checkClassOptions, meanOfFeatures, PROBABILITY_FLOOR, paired } from "./operands.ts";

/**
 * Cross-entropy in nats between targets `t` from 0 to 1 and the probability of yes, mean over the last axis:
 * `−t·log p − (1 − t)·log(1 − p)`. (…, questions), (…, questions) → (…)
 *
 * Predictions are logits `x`, with `p = σ(x)`, so that the loss is `t·softplus(−x) + (1 − t)·softplus(x)`, which neither
 * overflows nor cancels. With `fromProbabilities` they are `p`, held 1e-7 away from 0 and 1. `labelSmoothing` α turns `t`
 * into `(1 − α)·t + ½α`. Predictions of rank 1 are one question per example: (examples) → (examples).
 */
export function binaryCrossEntropy(predictions: Tensor, targets: Tensor | number, options: ClassOptions = {}): Tensor {
  checkClassOptions("binaryCrossEntropy", options);
  const { fromProbabilities = false, labelSmoothing = 0 } = options;
  const [x, hard] = paired("binaryCrossEntropy", predictions, targets);
  const t = labelSmoothing === 0 ? hard : hard.mul(1 - labelSmoothing).add(labelSmoothing / 2);
  if (!fromProbabilities) return meanOfFeatures(t.mul(softplus(x.neg())).add(t.neg().add(1).mul(softplus(x))));
  const p = x.clamp(PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR);
  return meanOfFeatures(
    t
      .mul(log(p))
      .add(t.neg().add(1).mul(log1p(p.neg())))
      .neg(),
  );
}

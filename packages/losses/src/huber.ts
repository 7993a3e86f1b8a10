import { abs, checkOptions, minimum, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { meanOfFeatures, paired } from "./operands.ts";

export interface HuberOptions {
  /** The error from which on the loss grows in a straight line; 1 by default. */
  readonly delta?: number;
}

/**
 * Mean over the features of `½e²` for errors `e = |x − t|` up to `delta`, and of `delta·(e − ½delta)` above.
 * (…, features), (…, features) → (…)
 *
 * Huber 1964, Robust estimation of a location parameter, equation 10. Predictions of rank 1 are one feature per example.
 */
export function huber(predictions: Tensor, targets: Tensor | number, options: HuberOptions = {}): Tensor {
  checkOptions("huber", options, ["delta"]);
  const { delta = 1 } = options;
  if (!(delta > 0 && delta < Infinity))
    throw new OptionError("E803", "huber", `delta is ${valueText(delta)}`, { fix: "give a finite number above 0" });
  const [x, t] = paired("huber", predictions, targets);
  const e = abs(x.sub(t));
  const near = minimum(e, delta); // both branches at once: near·(e − ½near)
  return meanOfFeatures(near.mul(e.sub(near.mul(0.5))));
}

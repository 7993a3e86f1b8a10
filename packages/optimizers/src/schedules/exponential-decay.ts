import { exp, type Tensor } from "@tenon/tensor";
import type { Schedule } from "../learning-rate.ts";
import { checkNumber, checkRanges, POSITIVE } from "../range.ts";

export interface ExponentialDecayOptions {
  /** Steps after which the rate has been multiplied with `factor` once. */
  readonly steps: number;
  readonly factor: number;
}

/** Smooth decay, `rate · factor^(step / steps)`. The same in stairs is `stepDecay`. */
export function exponentialDecay(rate: number, options: ExponentialDecayOptions): Schedule {
  checkNumber("exponentialDecay", "rate", rate, {});
  checkRanges("exponentialDecay", options, { steps: POSITIVE, factor: POSITIVE });
  const { steps, factor } = options;
  checkNumber("exponentialDecay", "steps", steps, POSITIVE);
  checkNumber("exponentialDecay", "factor", factor, POSITIVE);
  return (step: Tensor) => exp(step.cast("float32").mul(Math.log(factor) / steps)).mul(rate);
}

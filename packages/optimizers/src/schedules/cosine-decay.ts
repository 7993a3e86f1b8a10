import { sin, type Tensor } from "@tenon/tensor";
import type { Schedule } from "../learning-rate.ts";
import { COUNT, checkNumber, checkRanges } from "../range.ts";

export interface CosineDecayOptions {
  /** The step from which on the rate is `to`. */
  readonly steps: number;
  /** Where it ends; 0 by default. */
  readonly to?: number;
}

/**
 * Half a cosine from `rate` to `to`: `to + (rate − to) · (1 + cos(π · step / steps)) / 2`, and `to` afterwards.
 * Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
 *
 * Computed as `sin²` of the steps that are left, which keeps its digits where the rate nears its end.
 */
export function cosineDecay(rate: number, options: CosineDecayOptions): Schedule {
  checkNumber("cosineDecay", "rate", rate, {});
  checkRanges("cosineDecay", options, { steps: COUNT, to: {} });
  const { steps, to = 0 } = options;
  checkNumber("cosineDecay", "steps", steps, COUNT);
  return (step: Tensor) => {
    const left = step.neg().add(steps).maximum(0).cast("float32");
    return sin(left.mul(Math.PI / (2 * steps)))
      .square()
      .mul(rate - to)
      .add(to);
  };
}

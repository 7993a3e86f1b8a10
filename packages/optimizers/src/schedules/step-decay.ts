import { pow, type Tensor } from "@tenon/tensor";
import type { Schedule } from "../learning-rate.ts";
import { COUNT, checkNumber, checkRanges, POSITIVE } from "../range.ts";

export interface StepDecayOptions {
  /** Steps between two changes. */
  readonly every: number;
  /** What the rate is multiplied with at each change; 0.1 by default. */
  readonly factor?: number;
}

/** A staircase, `rate · factor^⌊step / every⌋`. */
export function stepDecay(rate: number, options: StepDecayOptions): Schedule {
  checkNumber("stepDecay", "rate", rate, {});
  checkRanges("stepDecay", options, { every: COUNT, factor: POSITIVE });
  const { every, factor = 0.1 } = options;
  checkNumber("stepDecay", "every", every, COUNT);
  return (step: Tensor) => pow(factor, step.intDiv(every)).mul(rate);
}

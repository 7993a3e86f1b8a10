import { constant, less, type Tensor, where } from "@tenon/tensor";
import { checkRate, type LearningRate, type Schedule, scheduled } from "../learning-rate.ts";
import { COUNT, checkNumber, checkRanges } from "../range.ts";

export interface WarmupOptions {
  /** The rate of the first step; 0 by default. */
  readonly from?: number;
}

/**
 * A straight line from `from` to where `then` begins, in so many steps, and `then` from there on, counted from its own
 * step 0: `warmup(500, cosineDecay(1e-3, { steps: 10_000 }))`. `then` is a number or a schedule.
 *
 * Goyal et al. 2017, arXiv:1706.02677, section 2.2.
 */
export function warmup(steps: number, then: LearningRate, options: WarmupOptions = {}): Schedule {
  checkNumber("warmup", "steps", steps, COUNT);
  checkRate("warmup", then);
  checkRanges("warmup", options, { from: {} });
  const { from = 0 } = options;
  const after = (step: Tensor): Tensor =>
    typeof then === "function"
      ? scheduled(then, step)
      : typeof then === "number"
        ? constant(then)
        : then.cast("float32");
  return (step: Tensor) => {
    const start = after(constant(0, [], "int32"));
    const line = start.sub(from).mul(step.cast("float32").div(steps)).add(from);
    return where(less(step, steps), line, after(step.sub(steps).maximum(0)));
  };
}

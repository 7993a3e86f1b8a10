import { abs, accumulator, isFloat, type Tensor } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";
import { paired } from "./operands.ts";

/** The mean over examples and features of `|x − t|`; each is rounded to float32, their sum is not. (…), (…) */
export function meanAbsoluteError(): Metric<AverageState, number> {
  return averageOf("meanAbsoluteError", (predictions, targets) => {
    const [x, t] = floats("meanAbsoluteError", predictions, targets);
    return abs(x.sub(t));
  });
}

/** Predictions and targets of one shape, in float32 or wider. */
export function floats(op: string, predictions: Tensor, targets: Tensor): readonly [x: Tensor, t: Tensor] {
  const [x, t] = paired(op, predictions, targets);
  const wide = x.cast(isFloat(x.dtype) ? accumulator(x.dtype) : "float32");
  return [wide, t.cast(wide.dtype)];
}

import { type AverageState, averageOf } from "./average.ts";
import { floats } from "./mean-absolute-error.ts";
import type { Metric } from "./metric.ts";

/** The mean over examples and features of `(x − t)²`; each square is rounded to float32, their sum is not. (…), (…) */
export function meanSquaredError(): Metric<AverageState, number> {
  return averageOf("meanSquaredError", (predictions, targets) => {
    const [x, t] = floats("meanSquaredError", predictions, targets);
    return x.sub(t).square();
  });
}

import { checkTensor, type Tensor } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";

/** A metric that takes values, for example losses, and no targets. */
export interface MeanMetric extends Metric<AverageState, number> {
  update(state: AverageState, values: Tensor, targets?: Tensor | null, weights?: Tensor): AverageState;
}

/** The mean of values, such as the losses of examples. Values are rounded to float32, their sum is not. */
export function mean(): MeanMetric {
  return averageOf("mean", (values) => {
    checkTensor("mean", "values", values);
    return values;
  }) as MeanMetric;
}

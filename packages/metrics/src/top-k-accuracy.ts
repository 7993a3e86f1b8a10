import { any, checkOptions, equal, topK } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";
import { checkCount, classOf } from "./operands.ts";

export interface TopKOptions {
  /** 5 by default. */
  readonly k?: number;
}

/**
 * The share of examples whose class is among the `k` largest scores. (…, classes), class numbers (…) or rows (…, classes)
 *
 * Of equal scores the first ones count as larger.
 */
export function topKAccuracy(options: TopKOptions = {}): Metric<AverageState, number> {
  checkOptions("topKAccuracy", options, ["k"]);
  const { k = 5 } = options;
  checkCount("topKAccuracy", "k", k);
  return averageOf("topKAccuracy", (x, t) => {
    const label = classOf("topKAccuracy", x, t);
    const [, best] = topK(x, k);
    return any(equal(best, label.expandDims(-1)), { axis: -1 });
  });
}

import { type ClassMetricOptions, type ClassState, classMetric } from "./class-counts.ts";
import type { Metric } from "./metric.ts";

/** The share of what was there that was predicted, `right / actual`; 0 where nothing was there. See `ClassMetricOptions`. */
export function recall(options: ClassMetricOptions = {}): Metric<ClassState, number> {
  return classMetric("recall", options, (right, _predicted, actual) => [right, actual]);
}

import { type ClassMetricOptions, type ClassState, classMetric } from "./class-counts.ts";
import type { Metric } from "./metric.ts";

/** The share of what was predicted that is right, `right / predicted`; 0 where nothing was predicted. See `ClassMetricOptions`. */
export function precision(options: ClassMetricOptions = {}): Metric<ClassState, number> {
  return classMetric("precision", options, (right, predicted) => [right, predicted]);
}

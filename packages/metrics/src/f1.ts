import { type ClassMetricOptions, type ClassState, classMetric } from "./class-counts.ts";
import type { Metric } from "./metric.ts";

/** The harmonic mean of precision and recall, `2·right / (predicted + actual)`. See `ClassMetricOptions`. van Rijsbergen 1979, Information retrieval, chapter 7. */
export function f1(options: ClassMetricOptions = {}): Metric<ClassState, number> {
  return classMetric("f1", options, (right, predicted, actual) => [2 * right, predicted + actual]);
}

import { equal } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";
import { likeliest, paired } from "./operands.ts";

/** The share of examples whose largest score is that of the largest target. (…, classes), (…, classes) */
export function categoricalAccuracy(): Metric<AverageState, number> {
  return averageOf("categoricalAccuracy", (predictions, targets) => {
    const [x, t] = paired("categoricalAccuracy", predictions, targets);
    return equal(likeliest(x), likeliest(t));
  });
}

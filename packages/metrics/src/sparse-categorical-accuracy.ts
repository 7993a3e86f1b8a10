import { equal } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";
import { classOf, likeliest } from "./operands.ts";

/** The share of examples whose largest score is that of their class. (…, classes), class numbers (…) */
export function sparseCategoricalAccuracy(): Metric<AverageState, number> {
  return averageOf("sparseCategoricalAccuracy", (x, t) =>
    equal(likeliest(x), classOf("sparseCategoricalAccuracy", x, t)),
  );
}

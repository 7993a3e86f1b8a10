import { checkOptions, equal, type Tensor } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import type { Metric } from "./metric.ts";
import { answers, type ThresholdOptions, thresholdNames } from "./operands.ts";

/** The share of yes-or-no questions that are answered right. (…), (…); where there are several per example, of all of them. */
export function binaryAccuracy(options: ThresholdOptions = {}): Metric<AverageState, number> {
  checkOptions("binaryAccuracy", options, thresholdNames);
  return averageOf("binaryAccuracy", (x, t) => rightAnswers("binaryAccuracy", x, t, options));
}

export function rightAnswers(op: string, predictions: Tensor, targets: Tensor, options: ThresholdOptions): Tensor {
  const [predicted, actual] = answers(op, predictions, targets, options);
  return equal(predicted, actual);
}

import { equal, isFloat, sameDim, type Tensor } from "@tenon/tensor";
import { type AverageState, averageOf } from "./average.ts";
import { rightAnswers } from "./binary-accuracy.ts";
import type { Metric } from "./metric.ts";
import { classOf, likeliest } from "./operands.ts";

/**
 * The share of examples whose prediction is right. What kind it is shows in the shapes: class numbers (…) or rows over classes
 * (…, classes) for scores (…, classes); yes and no for one score per example, (…) or (…, 1), which is a logit.
 *
 * Rows of several yes-or-no questions look like classes: for them there is `binaryAccuracy`.
 */
export function accuracy(): Metric<AverageState, number> {
  return averageOf("accuracy", (predictions, targets) =>
    isBinary(predictions)
      ? rightAnswers("accuracy", predictions, targets, {})
      : equal(likeliest(predictions), classOf("accuracy", predictions, targets)),
  );
}

const isBinary = (x: Tensor): boolean => isFloat(x.dtype) && (x.rank < 2 || sameDim(x.shape.at(-1)!, 1));

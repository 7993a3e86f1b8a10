import { checkOptions, DTypeError, isFloat, onesLike, scatter, type Tensor, typeText, zeros } from "@tenon/tensor";
import { ConfusionTable } from "./confusion-table.ts";
import type { Metric } from "./metric.ts";
import {
  answers,
  checkCount,
  classOf,
  likeliest,
  type ThresholdOptions,
  thresholdNames,
  weightsFor,
} from "./operands.ts";

export interface ConfusionOptions extends ThresholdOptions {
  readonly classes: number;
  /** Names of the classes, for the picture; their numbers by default. */
  readonly names?: readonly string[];
}

export type ConfusionState = { counts: Tensor };

/**
 * How often each class was taken for each: a row per actual class, a column per predicted one. (…, classes), class numbers (…) or
 * rows (…, classes); with two classes also one score per example, (…) or (…, 1).
 *
 * Counts are int32, so that weights are whole numbers or bools. A label that is no class is not counted.
 */
export function confusionMatrix(options: ConfusionOptions): Metric<ConfusionState, ConfusionTable> {
  checkOptions("confusionMatrix", options, ["classes", "names", ...thresholdNames]);
  const { classes, names, ...threshold } = options;
  checkCount("confusionMatrix", "classes", classes, 2);
  return {
    name: "confusionMatrix",
    init: () => ({ counts: zeros([classes, classes], "int32") }),
    update({ counts }, predictions, targets, weights) {
      const isBinary = classes === 2 && (predictions.rank < 2 || predictions.shape.at(-1) === 1);
      const [predicted, actual] = isBinary
        ? answers("confusionMatrix", predictions, targets, threshold).map((yes) => yes.cast("int32"))
        : [likeliest(predictions), classOf("confusionMatrix", predictions, targets)];
      const cell = actual!.mul(classes).add(predicted!).flatten();
      const times =
        weights === undefined ? onesLike(cell) : whole(weightsFor("confusionMatrix", actual!, weights)).flatten();
      const flat = scatter(counts.reshape([classes * classes]), cell, times, { axis: 0, mode: "add" });
      return { counts: flat.reshape([classes, classes]) };
    },
    async result({ counts }) {
      const flat = Array.from(await counts.data(), Number);
      const rows = Array.from({ length: classes }, (_, i) => flat.slice(i * classes, (i + 1) * classes));
      return new ConfusionTable(rows, names);
    },
  };
}

function whole(weights: Tensor): Tensor {
  if (!isFloat(weights.dtype)) return weights.cast("int32");
  throw new DTypeError("E201", "confusionMatrix", `the weights are ${typeText(weights)}, and cells are counts`, {
    fix: "give whole numbers or bools",
  });
}

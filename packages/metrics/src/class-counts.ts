import { and, checkOptions, OptionError, oneHot, type Tensor, valueText } from "@tenon/tensor";
import { type ExactSum, exactAdd, exactValues, exactZero } from "./exact-sum.ts";
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

/** Options of metrics that look at one class at a time. */
export interface ClassMetricOptions extends ThresholdOptions {
  /**
   * `binary`: of yes. `macro`: the mean over the classes that occur, predicted or actual. `micro`: of all classes counted
   * together. By default `macro` where `classes` is given, else `binary`.
   */
  readonly average?: "binary" | "macro" | "micro";
  /** The number of classes, for `macro` and `micro`. */
  readonly classes?: number;
}

/** For each class how often it was predicted rightly, how often predicted, and how often it was there. */
export type ClassState = { right: ExactSum; predicted: ExactSum; actual: ExactSum };

const averages = ["binary", "macro", "micro"];

/** A metric that is a share, for each class or all of them, of these counts; where there is nothing to share it is 0. */
export function classMetric(
  name: string,
  options: ClassMetricOptions,
  share: (right: number, predicted: number, actual: number) => readonly [part: number, whole: number],
): Metric<ClassState, number> {
  checkOptions(name, options, ["average", "classes", ...thresholdNames]);
  const { classes, average = classes === undefined ? "binary" : "macro", ...threshold } = options;
  if (!averages.includes(average)) {
    throw new OptionError("E803", name, `average is ${valueText(average)}`, { fix: `use ${averages.join(", ")}` });
  }
  if (average === "binary" && classes !== undefined)
    throw new OptionError("E803", name, "average is binary, and classes is given", { fix: "leave one of them out" });
  if (average !== "binary") checkCount(name, "classes", classes, 2);
  const count = average === "binary" ? 1 : classes!;
  /** The class of each example, as predicted and as it is; for a binary average yes and no. */
  const labelsOf = (x: Tensor, t: Tensor): readonly [predicted: Tensor, actual: Tensor] =>
    average === "binary" ? answers(name, x, t, threshold) : [likeliest(x), classOf(name, x, t)];
  /** 1 for the class of each example. (examples, count) */
  const marksOf = (labels: Tensor): Tensor => {
    const flat = labels.flatten();
    return average === "binary" ? flat.cast("int32").expandDims(-1) : oneHot(flat, count, { dtype: "int32" });
  };
  const value = (right: number, predicted: number, actual: number): number => {
    const [part, whole] = share(right, predicted, actual);
    return whole === 0 ? 0 : part / whole;
  };
  return {
    name,
    init: () => ({ right: exactZero([count]), predicted: exactZero([count]), actual: exactZero([count]) }),
    update(state, predictions, targets, weights) {
      const labels = labelsOf(predictions, targets);
      const [predicted, actual] = labels.map(marksOf) as [Tensor, Tensor];
      const w = weights && weightsFor(name, labels[1], weights).flatten().expandDims(-1);
      const add = (sum: ExactSum, marks: Tensor): ExactSum => exactAdd(sum, w === undefined ? marks : marks.mul(w));
      return {
        right: add(state.right, and(predicted, actual)),
        predicted: add(state.predicted, predicted),
        actual: add(state.actual, actual),
      };
    },
    async result(state) {
      const [right, predicted, actual] = await Promise.all(
        [state.right, state.predicted, state.actual].map(exactValues),
      );
      const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
      if (average === "micro") return value(sum(right!), sum(predicted!), sum(actual!));
      const occurring = right!.flatMap((r, i) =>
        average === "binary" || predicted![i]! > 0 || actual![i]! > 0 ? [value(r, predicted![i]!, actual![i]!)] : [],
      );
      return sum(occurring) / occurring.length;
    },
  };
}

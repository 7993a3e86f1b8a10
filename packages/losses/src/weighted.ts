import {
  checkFunction,
  checkOptions,
  constant,
  isFloat,
  isRecord,
  OptionError,
  ShapeError,
  sameDim,
  sameShape,
  sum,
  Tensor,
  take,
  valueText,
} from "@tenon/tensor";
import { isColumnOf, type Loss, paired, wide } from "./operands.ts";
import { labelsOf } from "./sparse-categorical-cross-entropy.ts";

export interface WeightOptions {
  /** One number per class; for binary targets the weight of no and that of yes. */
  readonly classWeights?: readonly number[];
  /** Whether the weights of a batch are divided by their mean, as PyTorch's reduction does; false by default, as in Keras. */
  readonly normalized?: boolean;
}

/** What a weighted loss takes besides the options of its loss. */
export interface SampleWeights {
  /** One number per example. */
  readonly sampleWeights?: Tensor | undefined;
}

/**
 * A loss in which some examples count more: `w_i·l_i`, where `w_i` is the weight of the example's class times that of the
 * example. Class numbers, rows over classes, of which the mean weight is taken, and binary targets are told apart by their
 * shapes.
 *
 * Reduction: `mean()` of it divides by the number of examples, as Keras does. With `normalized` it divides by the sum of
 * their weights, `Σ w_i·l_i / Σ w_i`, as PyTorch's `CrossEntropyLoss` does; what a batch weighs then makes no difference.
 */
export function weighted<Options extends object>(
  loss: Loss<Options>,
  options: WeightOptions = {},
): Loss<Options & SampleWeights> {
  checkFunction("weighted", "loss", loss);
  checkOptions("weighted", options, ["classWeights", "normalized"]);
  const { classWeights, normalized = false } = options;
  if (classWeights !== undefined) checkWeights(classWeights);
  return (predictions, targets, given) => {
    const { sampleWeights, ...rest } = (isRecord(given) ? given : {}) as SampleWeights & Options;
    const values =
      Object.keys(rest).length === 0
        ? loss(predictions, targets)
        : loss(predictions, targets, rest as unknown as Options);
    const factors = [
      ...(classWeights === undefined ? [] : [weightOfClass(classWeights, predictions, targets)]),
      ...(sampleWeights === undefined ? [] : [checkedSamples(sampleWeights, values)]),
    ];
    if (factors.length === 0) return values;
    const weights = factors.reduce((product, w) => product.mul(w));
    return values.mul(normalized ? weights.div(weights.mean()) : weights);
  };
}

/** The weight of each example's class. (…, classes), targets → (…) */
function weightOfClass(classWeights: readonly number[], predictions: Tensor, targets: Tensor): Tensor {
  const weights = constant([...classWeights]);
  const count = classWeights.length;
  const scores = predictions.shape.at(-1);
  const { rank } = predictions;
  const hasClasses = rank > 1 && scores !== undefined && sameDim(scores, count);
  if (hasClasses && sameShape(predictions.shape, targets.shape)) return sum(wide(targets).mul(weights), { axis: -1 });
  const isSparse = !isFloat(targets.dtype) && targets.rank === rank - 1;
  if (hasClasses && (isSparse || isColumnOf(targets.shape, predictions.shape.slice(0, -1))))
    return take(weights, labelsOf("weighted", predictions, targets), { axis: 0 });
  const isBinary = rank < 2 || (scores !== undefined && sameDim(scores, 1));
  if (count === 2 && isBinary) {
    const [, t] = paired("weighted", predictions, targets);
    const yes = t.rank < 2 ? t : t.squeeze(-1);
    return yes.mul(classWeights[1]! - classWeights[0]!).add(classWeights[0]!);
  }
  throw new ShapeError(
    "E204",
    "weighted",
    `there are ${count} weights of classes, and predictions with ${isBinary ? "one score" : `${scores} scores`} per example`,
    {
      operands: { predictions, targets },
      fix: `give ${isBinary ? "two weights, of no and yes" : "one weight per class"}`,
    },
  );
}

function checkedSamples(weights: Tensor, values: Tensor): Tensor {
  if (weights instanceof Tensor) {
    if (sameShape(weights.shape, values.shape)) return wide(weights);
    if (isColumnOf(weights.shape, values.shape)) return wide(weights.squeeze(-1));
  }
  throw new ShapeError("E204", "weighted", "there is not one weight per example", {
    operands: { losses: values, sampleWeights: weights },
    fix: "give a tensor with one number per example",
  });
}

function checkWeights(weights: readonly number[]): void {
  if (Array.isArray(weights) && weights.length > 0 && weights.every((w) => Number.isFinite(w) && w >= 0)) return;
  throw new OptionError("E803", "weighted", `classWeights is ${valueText(weights)}`, {
    fix: "give a list with one number from 0 per class",
  });
}

import {
  checkTensor,
  type Dim,
  DTypeError,
  expandDims,
  greater,
  isFloat,
  OptionError,
  ShapeError,
  sameDim,
  sameShape,
  type Tensor,
  valueText,
} from "@tenon/tensor";

/** How scores become yes or no. */
export interface ThresholdOptions {
  /** Whether predictions are probabilities; false by default: they are logits. */
  readonly fromProbabilities?: boolean;
  /** Above it a prediction means yes: by default 0 for logits and 0.5 for probabilities. */
  readonly threshold?: number;
}

export const thresholdNames = ["fromProbabilities", "threshold"];

/** Predictions and targets of one shape. Where one of them lacks a last axis of size 1, the other loses it. */
export function paired(op: string, predictions: Tensor, targets: Tensor): readonly [x: Tensor, t: Tensor] {
  checkTensor(op, "predictions", predictions);
  checkTensor(op, "targets", targets);
  if (sameShape(predictions.shape, targets.shape)) return [predictions, targets];
  if (isColumnOf(predictions.shape, targets.shape)) return [predictions.squeeze(-1), targets];
  if (isColumnOf(targets.shape, predictions.shape)) return [predictions, targets.squeeze(-1)];
  throw new ShapeError("E204", op, "predictions and targets have different shapes", {
    operands: { predictions, targets },
    fix: "reshape one of them; nothing is broadcast here",
  });
}

/** `[…, 1]` and `[…]`. */
export const isColumnOf = (column: readonly Dim[], flat: readonly Dim[]): boolean =>
  column.length === flat.length + 1 && sameDim(column.at(-1)!, 1) && sameShape(column.slice(0, -1), flat);

/** Yes and no, as predicted and as they are. Targets mean yes above 0.5. */
export function answers(
  op: string,
  predictions: Tensor,
  targets: Tensor,
  { fromProbabilities = false, threshold = fromProbabilities ? 0.5 : 0 }: ThresholdOptions,
): readonly [predicted: Tensor, actual: Tensor] {
  const [x, t] = paired(op, predictions, targets);
  return [greater(x.dtype === "bool" ? x.cast("float32") : x, threshold), t.dtype === "bool" ? t : greater(t, 0.5)];
}

/** Class numbers, one per row of scores: from class numbers, or from rows over classes. (…, classes), targets → (…) */
export function classOf(op: string, predictions: Tensor, targets: Tensor): Tensor {
  checkTensor(op, "predictions", predictions);
  checkTensor(op, "targets", targets);
  const rows = predictions.shape.slice(0, -1);
  if (predictions.rank > 0 && sameShape(predictions.shape, targets.shape))
    return toNumbers(targets).argmax({ axis: -1 });
  if (predictions.rank > 0 && !isFloat(targets.dtype)) {
    if (sameShape(targets.shape, rows)) return targets.cast("int32");
    if (isColumnOf(targets.shape, rows)) return targets.squeeze(-1).cast("int32");
  }
  if (predictions.rank > 0 && (sameShape(targets.shape, rows) || isColumnOf(targets.shape, rows))) {
    throw new DTypeError("E201", op, `targets are ${targets.dtype} where class numbers are wanted`, {
      operands: { predictions, targets },
      fix: 'convert them, as in targets.cast("int32")',
    });
  }
  throw new ShapeError("E204", op, "there is not one target per row of predictions, in (…,classes),(…)->(…)", {
    operands: { predictions, targets },
    fix: "give one class number, or one row over the classes, per row of scores",
  });
}

/** The likeliest class of each row of scores; of equals the first. (…, classes) → (…) */
export const likeliest = (predictions: Tensor): Tensor => toNumbers(predictions).argmax({ axis: -1 });

const toNumbers = (x: Tensor): Tensor => (x.dtype === "bool" ? x.cast("int32") : x); // bools have no order

/** Weights for each value: given for each, or for each row of them. */
export function weightsFor(op: string, values: Tensor, weights: Tensor): Tensor {
  checkTensor(op, "weights", weights);
  const w = weights.dtype === "bool" ? weights.cast("int32") : weights;
  if (sameShape(w.shape, values.shape)) return w;
  const rows = values.shape.slice(0, -1);
  if (values.rank > 0 && sameShape(w.shape, rows)) return expandDims(w, -1).broadcastTo(values.shape);
  if (isColumnOf(w.shape, values.shape)) return w.squeeze(-1);
  if (values.rank > 0 && isColumnOf(w.shape, rows)) return w.broadcastTo(values.shape);
  throw new ShapeError("E204", op, "there is not one weight per example", {
    operands: { values, weights },
    fix: "give a tensor with one number per example",
  });
}

/** Throws unless `value` is a whole number from 1. */
export function checkCount(op: string, name: string, value: unknown, least = 1): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new OptionError("E803", op, `${name} is ${valueText(value)}`, { fix: `give a whole number from ${least}` });
}

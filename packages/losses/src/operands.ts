import {
  accumulator,
  checkOptions,
  checkTensor,
  type Dim,
  expandDims,
  full,
  isFloat,
  OptionError,
  ShapeError,
  sameDim,
  sameShape,
  type Tensor,
  valueText,
} from "@tenon/tensor";

/** A loss: one value per example, which the caller reduces, usually with `mean()`. */
export type Loss<Options = never> = (predictions: Tensor, targets: Tensor, options?: Options) => Tensor;

/** Options of losses for classes. */
export interface ClassOptions {
  /** Whether predictions are probabilities; false by default: they are logits, which lose nothing. */
  readonly fromProbabilities?: boolean;
  /** Share of each target that is spread evenly over the classes; 0 by default. Szegedy et al. 2016, arXiv:1512.00567, section 7. */
  readonly labelSmoothing?: number;
}

/** Probabilities are held this far from 0 and 1, whose logarithms are infinite: the number of Keras. */
export const PROBABILITY_FLOOR = 1e-7;

/** Predictions and targets as floats of one type. Where one of them lacks a last axis of size 1, it gets it. */
export function paired(op: string, predictions: Tensor, targets: Tensor | number): readonly [x: Tensor, t: Tensor] {
  checkTensor(op, "predictions", predictions);
  const x = wide(predictions);
  if (typeof targets === "number") return [x, full(x.shape, targets, x.dtype)];
  checkTensor(op, "targets", targets);
  const t = targets.cast(x.dtype);
  if (sameShape(x.shape, t.shape)) return [x, t];
  if (isColumnOf(x.shape, t.shape)) return [x, expandDims(t, -1)];
  if (isColumnOf(t.shape, x.shape)) return [expandDims(x, -1), t];
  const fewer = x.rank - 1 === t.rank;
  throw new ShapeError("E204", op, "predictions and targets have different shapes", {
    operands: { predictions, targets },
    fix:
      fewer && !isFloat(targets.dtype)
        ? "for class numbers use sparseCategoricalCrossEntropy, or make them rows with oneHot(classes)"
        : "reshape one of them; nothing is broadcast here",
  });
}

/** A tensor in the dtype in which a loss is computed: its own, float32 for integers and 16-bit floats. */
export const wide = (x: Tensor): Tensor => x.cast(isFloat(x.dtype) ? accumulator(x.dtype) : "float32");

/** `[…, 1]` and `[…]`. */
export const isColumnOf = (column: readonly Dim[], flat: readonly Dim[]): boolean =>
  column.length === flat.length + 1 && sameDim(column.at(-1)!, 1) && sameShape(column.slice(0, -1), flat);

/** The mean of the last axis; what has no axis besides that of the examples stays as it is. */
export function meanOfFeatures(x: Tensor): Tensor {
  if (x.rank < 2) return x;
  return sameDim(x.shape.at(-1)!, 1) ? x.squeeze(-1) : x.mean({ axis: -1 });
}

/** Throws on unknown options and on a share of smoothing that is none. */
export function checkClassOptions(op: string, options: ClassOptions, known: readonly string[] = []): void {
  checkOptions(op, options, [...known, "fromProbabilities", "labelSmoothing"]);
  const { labelSmoothing = 0 } = options;
  if (labelSmoothing >= 0 && labelSmoothing < 1) return;
  throw new OptionError("E803", op, `labelSmoothing is ${valueText(labelSmoothing)}`, {
    fix: "give a number from 0 and below 1",
  });
}

/** The size of the last axis, which has to be known when the graph is made. */
export function classesOf(op: string, x: Tensor): Dim {
  const classes = x.shape.at(-1);
  if (classes !== undefined) return classes;
  throw new ShapeError("E206", op, "predictions have rank 0, so that there is no axis of classes", {
    operands: { predictions: x },
    fix: "give one row of scores per example, (…, classes)",
  });
}

import { checkLabels, sparseCategoricalCrossEntropy } from "@tenon/losses";
import { isFloat, type TensorType } from "@tenon/tensor";
import type { DataColumn } from "./data.ts";
import type { Loss } from "./model.ts";

/** Columns whose labels are known to be classes, and of how many. */
const checked = new WeakMap<DataColumn, number>();

/**
 * Whether the targets are numbers of classes: whole numbers, one for each row of scores. Whole floats are taken for them
 * where the loss can only mean that.
 */
export function isLabels({ dtype, shape }: TensorType, predictions: TensorType, loss: Loss): boolean {
  const isRow = shape.length === predictions.shape.length - 1 && predictions.shape.at(-1) !== 1;
  return isRow && dtype !== "bool" && (!isFloat(dtype) || loss === sparseCategoricalCrossEntropy);
}

/** Throws where a label is none of the classes; looks at every column once. A graph would take such a label for class 0. */
export function checkClasses(column: DataColumn, predictions: TensorType): void {
  const classes = predictions.shape.at(-1);
  if (typeof classes !== "number" || checked.get(column) === classes) return;
  checkLabels(column.data, classes);
  checked.set(column, classes);
}

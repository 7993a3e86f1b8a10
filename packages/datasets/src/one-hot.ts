import { Column } from "./column.ts";
import { DataError } from "./errors.ts";
import { checkWhole, outside } from "./range.ts";

const MAX_CLASSES = 2 ** 24;

/**
 * A row of zeros for each label, with a one at the label's place, in float32. (rows) → (rows, classes)
 *
 * The number of classes is that of the column's names, if it has any.
 */
export function oneHot(labels: Column, classes: number | undefined = labels.classes?.length): Column {
  if (classes === undefined)
    throw outside("oneHot", "the labels have no class names", "say how many classes there are: oneHot(y, 10)");
  checkWhole("oneHot", "classes", classes, 1, MAX_CLASSES);
  if (labels.rowLength !== 1)
    throw outside("oneHot", `the labels are ${labels}, not one number a row`, "give the column of labels");
  const data = new Float32Array(labels.size * classes);
  for (const [row, label] of labels.data.entries()) {
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DataError(
        "FormatError",
        "E778",
        "oneHot",
        `the label of row ${row} is ${label}, outside the ${classes} classes`,
        {
          fix: `labels are whole numbers from 0 to ${classes - 1}`,
        },
      );
    }
    data[row * classes + label] = 1;
  }
  return new Column(data, [labels.size, classes], { features: labels.classes });
}

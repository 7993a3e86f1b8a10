import { OptionError, valueText } from "@tenon/tensor";

/**
 * Throws where a label on the host is no class number from 0 to `classes − 1`, and says in which row. In a graph such a label
 * would read as 0 and be learned from.
 *
 * @param labels Class numbers, in rows.
 */
export function checkLabels(labels: ArrayLike<number | bigint>, classes: number): void {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new OptionError("E803", "checkLabels", `classes is ${valueText(classes)}`, {
      fix: "give the number of classes",
    });
  }
  for (let row = 0; row < labels.length; row++) {
    const label = Number(labels[row]);
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new OptionError(
      "E811",
      "checkLabels",
      `the label in row ${row} is ${label}, which is none of ${classes} classes`,
      {
        fix:
          label === classes && !includesZero(labels)
            ? "the labels seem to count from 1; subtract 1"
            : `labels are whole numbers from 0 to ${classes - 1}`,
      },
    );
  }
}

function includesZero(labels: ArrayLike<number | bigint>): boolean {
  for (let i = 0; i < labels.length; i++) if (Number(labels[i]) === 0) return true;
  return false;
}

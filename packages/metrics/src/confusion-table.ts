import { OptionError } from "@tenon/tensor";

/** Counts of a confusion matrix, which can be printed. */
export class ConfusionTable {
  /** `counts[actual][predicted]`. */
  readonly counts: readonly (readonly number[])[];
  readonly names: readonly string[];

  constructor(counts: readonly (readonly number[])[], names: readonly string[] = counts.map((_, i) => String(i))) {
    if (names.length !== counts.length) {
      throw new OptionError("E803", "confusionMatrix", `there are ${counts.length} classes but ${names.length} names`, {
        fix: "give one name per class",
      });
    }
    this.counts = counts;
    this.names = names;
  }

  /** The share of examples on the diagonal. */
  get accuracy(): number {
    const right = sum(this.counts.map((row, i) => row[i]!));
    return right / sum(this.counts.map(sum));
  }

  /**
   * The table for a terminal: a row per actual class with the share that was recognised, a column per predicted class with the
   * share that was right. Zeros are dots, so that mistakes stand out.
   */
  toString(): string {
    const { counts, names } = this;
    const columns = names.map((_, j) => counts.map((row) => row[j]!));
    const table = [
      ["", ...names, "recall"],
      ...counts.map((row, i) => [
        names[i]!,
        ...row.map((n) => (n === 0 ? "·" : String(n))),
        percent(row[i]!, sum(row)),
      ]),
      ["precision", ...columns.map((column, j) => percent(column[j]!, sum(column))), percent(this.accuracy, 1)],
    ];
    const widths = table[0]!.map((_, j) => Math.max(...table.map((row) => row[j]!.length)));
    const lines = table.map((row) =>
      row
        .map((text, j) => (j === 0 ? text.padEnd(widths[j]!) : text.padStart(widths[j]!)))
        .join("  ")
        .trimEnd(),
    );
    return [`${"actual ↓".padEnd(widths[0]!)}  predicted →`, ...lines].join("\n");
  }

  toJSON(): object {
    return { names: this.names, counts: this.counts };
  }
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const percent = (part: number, whole: number): string =>
  whole === 0 || Number.isNaN(part) ? "–" : `${((100 * part) / whole).toFixed(1)}%`;

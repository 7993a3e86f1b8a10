/** `1234567` as `1,234,567`. */
export const grouped = (n: number): string => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ",");

/** Three digits and a unit: `402 k`, `1.05 M`. */
export const short = (n: number): string => scaled(n, 1000, ["", "k", "M", "G", "T"]);

/** Bytes in units of 1024: `785 KB`. */
export const memory = (bytes: number): string => scaled(bytes, 1024, ["B", "KB", "MB", "GB", "TB"]);

function scaled(n: number, step: number, units: readonly string[]): string {
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= step;
    unit++;
  }
  const digits = unit === 0 || n >= 99.5 ? n.toFixed(0) : n >= 9.95 ? n.toFixed(1) : n.toFixed(2);
  return `${digits} ${units[unit]}`.trimEnd();
}

/** Columns of text, to the left; the others are numbers, to the right. */
const isText = (column: number): boolean => column < 3 || column > 6;

/** Rows under a head and above a sum, in columns. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot: readonly string[],
): readonly string[] {
  const widths = head.map((_, i) => Math.max(...[head, ...rows, foot].map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(head), rule, ...rows.map(line), rule, line(foot)];
}

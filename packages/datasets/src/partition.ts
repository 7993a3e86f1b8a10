import { valueText } from "@tenon/tensor";
import { outside } from "./range.ts";

const ROUNDING = 1e-9; // by which a sum of fractions may miss 1: thousands of float64 roundings

/** Throws unless these are fractions of a whole. */
export function checkFractions(op: string, fractions: unknown): void {
  const given = Array.isArray(fractions) ? (fractions as unknown[]) : undefined;
  const sum = given?.reduce<number>(
    (total, part) => total + (typeof part === "number" && part >= 0 ? part : Number.NaN),
    0,
  );
  if (sum !== undefined && Math.abs(sum - 1) <= ROUNDING) return;
  throw outside(
    op,
    `the fractions are ${valueText(fractions)}${Number.isFinite(sum) ? `, together ${sum}` : ""}`,
    "give a list of numbers from 0 that add up to 1, such as [0.8, 0.2]",
  );
}

/**
 * Shares rows out: part i has `fractions[i]` of them to within one row, and of each label to within two.
 *
 * The rows stand one label after another, each label's in the given order, and go one by one to the part that has the most to
 * catch up, so that any stretch of them is shared out as the whole. Within a part they keep the given order.
 */
export function partition(order: Uint32Array, fractions: readonly number[], labels?: ArrayLike<number>): number[][] {
  const counts = new Array<number>(fractions.length).fill(0);
  const partOf = new Uint32Array(order.length);
  let placed = 0;
  for (const row of labels === undefined ? order : oneLabelAfterAnother(order, labels)) {
    placed++;
    let chosen = 0;
    for (let i = 1; i < counts.length; i++) {
      if (fractions[i]! * placed - counts[i]! > fractions[chosen]! * placed - counts[chosen]!) chosen = i;
    }
    partOf[row] = chosen;
    counts[chosen]!++;
  }
  const parts = fractions.map((): number[] => []);
  for (const row of order) parts[partOf[row]!]!.push(row);
  return parts;
}

function oneLabelAfterAnother(order: Uint32Array, labels: ArrayLike<number>): number[] {
  const byLabel = new Map<number, number[]>();
  for (const row of order) {
    const label = labels[row]!;
    const rows = byLabel.get(label);
    if (rows === undefined) byLabel.set(label, [row]);
    else rows.push(row);
  }
  return [...byLabel].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
}

import { valueText } from "@tenon/tensor";
import { DataError } from "./errors.ts";

/** Throws unless `value` is a whole number from `low` to `high`. */
export function checkWhole(op: string, option: string, value: unknown, low: number, high: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high) return;
  throw outside(
    op,
    `${option} is ${valueText(value)}, not a whole number from ${low} to ${high}`,
    `give ${option} such a number`,
  );
}

/** Throws unless `value` is a number from `low` to `high`. */
export function checkNumber(op: string, option: string, value: unknown, low = -Infinity, high = Infinity): void {
  if (Number.isFinite(value) && (value as number) >= low && (value as number) <= high) return;
  const range =
    low === -Infinity ? "a finite number" : `a number ${high === Infinity ? `from ${low}` : `from ${low} to ${high}`}`;
  throw outside(op, `${option} is ${valueText(value)}, not ${range}`, `give ${option} such a number`);
}

/** An option with a value outside its range. */
export const outside = (op: string, problem: string, fix: string): DataError =>
  new DataError("OptionError", "E770", op, problem, { fix });

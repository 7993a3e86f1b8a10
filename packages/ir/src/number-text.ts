import { type DType, dtypes, integerRange, isFloat } from "./dtype.ts";
import { roundToDType } from "./number.ts";

/** The shortest decimal that a reader rounds back to `value` in `dtype`; `nan`, `inf`, `-0.0` where it is none. */
export function elementText(dtype: DType, value: number): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (!isFloat(dtype)) return String(value);
  if (!Number.isFinite(value)) return numberText(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0"; // toPrecision loses the sign
  let shortest = value;
  // 9 digits tell every float32 from its neighbours; float64 prints its own shortest form
  for (let digits = 1; digits <= 9 && dtype !== "float64"; digits++) {
    shortest = Number(value.toPrecision(digits));
    if (roundToDType(dtype, shortest) === value) break;
  }
  const text = numberText(shortest);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A number of no particular dtype, exactly. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The element of `dtype` that a decimal stands for, rounded once; undefined where it has none. */
export function elementOf(dtype: DType, value: number): number | undefined {
  const { kind } = dtypes[dtype];
  if (kind === "float") {
    const rounded = roundToDType(dtype, value);
    return Number.isFinite(value) && !Number.isFinite(rounded) ? undefined : rounded;
  }
  const [min, max] = kind === "bool" ? [0, 1] : integerRange(dtype);
  return Number.isInteger(value) && value >= min && value <= max ? value + 0 : undefined;
}

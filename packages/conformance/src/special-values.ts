import { type DType, dtypes, integerRange, isFloat } from "@tenon/ir";

/** Largest finite, smallest normal, smallest subnormal, and the distance from 1 to the next number. */
const limits: Readonly<Partial<Record<DType, readonly [number, number, number, number]>>> = {
  float16: [65504, 2 ** -14, 2 ** -24, 2 ** -10],
  bfloat16: [(2 - 2 ** -7) * 2 ** 127, 2 ** -126, 2 ** -133, 2 ** -7],
  float32: [(2 - 2 ** -23) * 2 ** 127, 2 ** -126, 2 ** -149, 2 ** -23],
  float64: [Number.MAX_VALUE, 2 ** -1022, 2 ** -1074, 2 ** -52],
};

/**
 * 88.7 and 89 stand on both sides of where exp overflows float32, −104 where it vanishes; ½ and 2.5 are ties of rounding,
 * 1 + 2⁻⁸ one of bfloat16, 2⁻²⁵ and 65,520 those at both ends of float16, beside which 65,519 and 65,536 stand.
 */
const ordinary = [0, 0.5, 1, 1.5, 2.5, 3, Math.PI / 2, 88.7, 89, 104, 1e4, 1 + 2 ** -8, 2 ** -25, 65519, 65520, 65536];

/** The values at which implementations differ. */
export function specialValues(dtype: DType): readonly number[] {
  const { kind } = dtypes[dtype];
  if (kind === "bool") return [0, 1];
  if (!isFloat(dtype)) {
    const [min, max] =
      dtypes[dtype].byteLength === 8 ? [kind === "signed" ? -(2 ** 53) : 0, 2 ** 53] : integerRange(dtype);
    const signed = kind === "signed" ? [-1, -2, -7, min, min + 1] : [];
    return [0, 1, 2, 7, 31, 32, 33, ...signed, max - 1, max, Math.floor(max / 2) + 1];
  }
  const [largest, normal, subnormal, step] = limits[dtype]!;
  const positive = [...ordinary, largest, normal, subnormal, 1 - step / 2, 1 + step, Infinity];
  return [NaN, ...positive, ...positive.map((x) => -x)];
}

/** Elements of results that no backend promises: an integer divided by zero need only not stop the program. */
const unspecified: Readonly<Record<string, (dtype: DType, operands: readonly number[]) => boolean>> = {
  div: (dtype, [, y]) => !isFloat(dtype) && y === 0,
  rem: (dtype, [, y]) => !isFloat(dtype) && y === 0,
};

export const isSpecified = (op: string, dtype: DType, operands: readonly number[]): boolean =>
  unspecified[op]?.(dtype, operands) !== true;

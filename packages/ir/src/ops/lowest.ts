import { type DType, integerRange } from "../dtype.ts";

const floats: Partial<Readonly<Record<DType, number>>> = {
  float16: -65504,
  bfloat16: -(2 - 2 ** -7) * 2 ** 127,
  float32: -(2 - 2 ** -23) * 2 ** 127,
  float64: -Number.MAX_VALUE,
};

/** The lowest finite number of a dtype: it stands where −∞ would, which a shader compiler may take not to exist. */
export const lowestOf = (dtype: DType): number => floats[dtype] ?? integerRange(dtype)[0];

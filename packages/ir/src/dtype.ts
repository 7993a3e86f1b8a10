import { DTypeError } from "./errors.ts";
import { didYouMean } from "./prose.ts";

/** Element types by their API names; the IR's text says `f32` where the API says `"float32"`. */
export type DType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

export type DTypeKind = "bool" | "signed" | "unsigned" | "float";

export interface DTypeFacts {
  /** Name in the IR's text, JSON and lock file. */
  readonly short: string;
  readonly kind: DTypeKind;
  readonly byteLength: number;
  /** Number in the binary form; never reused. */
  readonly code: number;
}

/** One row per dtype. */
export const dtypes: Readonly<Record<DType, DTypeFacts>> = {
  bool: { short: "bool", kind: "bool", byteLength: 1, code: 0 },
  int8: { short: "i8", kind: "signed", byteLength: 1, code: 1 },
  uint8: { short: "u8", kind: "unsigned", byteLength: 1, code: 2 },
  int16: { short: "i16", kind: "signed", byteLength: 2, code: 3 },
  uint16: { short: "u16", kind: "unsigned", byteLength: 2, code: 4 },
  int32: { short: "i32", kind: "signed", byteLength: 4, code: 5 },
  uint32: { short: "u32", kind: "unsigned", byteLength: 4, code: 6 },
  int64: { short: "i64", kind: "signed", byteLength: 8, code: 7 },
  uint64: { short: "u64", kind: "unsigned", byteLength: 8, code: 8 },
  float16: { short: "f16", kind: "float", byteLength: 2, code: 9 },
  bfloat16: { short: "bf16", kind: "float", byteLength: 2, code: 10 },
  float32: { short: "f32", kind: "float", byteLength: 4, code: 11 },
  float64: { short: "f64", kind: "float", byteLength: 8, code: 12 },
};

export const dtypeNames = Object.keys(dtypes) as readonly DType[];

const byShort = new Map(dtypeNames.map((name) => [dtypes[name].short, name]));
const byCode = new Map(dtypeNames.map((name) => [dtypes[name].code, name]));

export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === "float";
export const isInteger = (dtype: DType): boolean =>
  dtypes[dtype].kind === "signed" || dtypes[dtype].kind === "unsigned";
export const isDType = (name: unknown): name is DType => typeof name === "string" && Object.hasOwn(dtypes, name);
export const dtypeOfShort = (short: string): DType | undefined => byShort.get(short);
export const dtypeOfCode = (code: number): DType | undefined => byCode.get(code);

/** Throws unless `name` is a dtype. */
export function checkDType(op: string, name: unknown): DType {
  if (isDType(name)) return name;
  const guess = typeof name === "string" ? (byShort.get(name) ?? didYouMean(name, dtypeNames)) : "";
  throw new DTypeError("E201", op, `${String(name)} is no dtype`, {
    fix: guess === "" ? `use one of ${dtypeNames.join(", ")}` : isDType(guess) ? `did you mean ${guess}?` : guess,
  });
}

/** The dtype in which sums and products of `dtype` are accumulated: float32 for the 16-bit floats, else itself. */
export const accumulator = (dtype: DType): DType => (dtype === "float16" || dtype === "bfloat16" ? "float32" : dtype);

/** Integer range of a dtype of kind signed or unsigned (64-bit limits are rounded to float64). */
export function integerRange(dtype: DType): readonly [min: number, max: number] {
  const { kind, byteLength } = dtypes[dtype];
  const bits = 8 * byteLength;
  return kind === "signed" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/**
 * The dtype in which two tensors of different dtypes meet, as in JAX with 64-bit types off: bool gives way to
 * integers and integers to floats; float16 with bfloat16 gives float32. Undefined where no integer type holds both
 * (int32 with uint32).
 */
export function promoteDTypes(a: DType, b: DType): DType | undefined {
  if (a === b) return a;
  const [fa, fb] = [dtypes[a], dtypes[b]];
  if (fa.kind === "bool") return b;
  if (fb.kind === "bool") return a;
  if (fa.kind === "float" && fb.kind === "float") {
    if (fa.byteLength === fb.byteLength) return "float32";
    return fa.byteLength > fb.byteLength ? a : b;
  }
  if (fa.kind === "float") return a;
  if (fb.kind === "float") return b;
  if (fa.kind === fb.kind) return fa.byteLength > fb.byteLength ? a : b;
  const [signed, unsigned] = fa.kind === "signed" ? [fa, fb] : [fb, fa];
  const byteLength = Math.max(signed.byteLength, 2 * unsigned.byteLength);
  return ({ 2: "int16", 4: "int32", 8: signed.byteLength === 8 ? "int64" : undefined } as const)[
    byteLength as 2 | 4 | 8
  ];
}

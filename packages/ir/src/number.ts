import { type DType, dtypes, integerRange } from "./dtype.ts";

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
const f64 = new Float64Array(1);
const u64 = new Uint32Array(f64.buffer);

/** Bits of the float16 nearest to `x`, ties to even. NaN is the canonical 0x7e00. */
export function float16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.abs(x);
  if (a >= 65520) return sign | 0x7c00; // half-way between the largest float16, 65504, and 2^16
  // 2^-14 is the smallest normal: below it the spacing is 2^-24, above it 2^(e-10)
  const exponent = a < 2 ** -14 ? -14 : exponentOf(a);
  const units = roundHalfEven(a / 2 ** (exponent - 10));
  return sign | (a < 2 ** -14 ? units : ((exponent + 15) << 10) + (units - 1024));
}

/** The value of float16 bits. */
export function float16Value(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** Bits of the bfloat16 nearest to `x`, ties to even, rounded once. NaN is the canonical 0x7fc0. */
export function bfloat16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  f32[0] = x;
  let bits = u32[0]!;
  // rounding float64 to float32 first may have made a tie: nudge it back to the side where x lies
  const difference = Math.abs(x) - Math.abs(f32[0]!);
  if ((bits & 0xffff) === 0x8000 && difference !== 0) bits += difference > 0 ? 1 : -1;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number with TF32's 10 bits of fraction that is nearest to `x`, ties to even; its exponents are those of float32. */
export function tf32Value(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const unit = 2 ** (Math.max(exponentOf(Math.abs(x)), -126) - 10);
  return Math.fround(roundHalfEven(x / unit) * unit);
}

/** The value of bfloat16 bits. */
export function bfloat16Value(bits: number): number {
  u32[0] = bits << 16;
  return f32[0]!;
}

function exponentOf(a: number): number {
  f64[0] = a;
  return ((u64[1]! >>> 20) & 0x7ff) - 1023;
}

/** The nearest whole number, ties to even; 0 keeps the sign. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const nearest = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return nearest === 0 && (x < 0 || Object.is(x, -0)) ? -0 : nearest;
}

/** The value of `dtype` nearest to `x`; integers wrap modulo their width, bool is whether x differs from 0. */
export function roundToDType(dtype: DType, x: number): number {
  switch (dtype) {
    case "float64":
      return x;
    case "float32":
      return Math.fround(x);
    case "float16":
      return float16Value(float16Bits(x));
    case "bfloat16":
      return bfloat16Value(bfloat16Bits(x));
    case "bool":
      return x === 0 ? 0 : 1;
    default:
      return wrapInteger(dtype, x);
  }
}

/** A whole number taken modulo the width of an integer dtype of at most 32 bits. */
export function wrapInteger(dtype: DType, x: number): number {
  const { kind, byteLength } = dtypes[dtype];
  if (byteLength === 8) return x;
  const shift = 32 - 8 * byteLength;
  return kind === "signed" ? (x << shift) >> shift : (x << shift) >>> shift;
}

/** The value that a float takes in another dtype: truncated and saturated to integers, NaN to 0, rounded to floats. */
export function convertNumber(dtype: DType, x: number): number {
  const { kind } = dtypes[dtype];
  if (kind === "float" || kind === "bool") return roundToDType(dtype, x);
  if (Number.isNaN(x)) return 0;
  const [min, max] = integerRange(dtype);
  return Math.min(max, Math.max(min, Math.trunc(x))) + 0;
}

/** Arrays that hold a dtype's bytes as the machine does; bool and the 16-bit floats have none. */
export const arrayTypes = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Partial<Record<DType, unknown>>;

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const arrayOf = (dtype: DType) =>
  littleEndian && Object.hasOwn(arrayTypes, dtype) ? arrayTypes[dtype as keyof typeof arrayTypes] : undefined;

/** Elements of `dtype`, little-endian, as numbers. 64-bit integers beyond 2^53 lose their last bits. */
export function decodeElements(dtype: DType, bytes: Uint8Array): Float64Array {
  const { byteLength } = dtypes[dtype];
  const count = bytes.byteLength / byteLength;
  const TypedArray = arrayOf(dtype);
  if (TypedArray !== undefined) {
    const { buffer, byteOffset } = bytes.byteOffset % byteLength === 0 ? bytes : bytes.slice();
    return new Float64Array(new TypedArray(buffer as ArrayBuffer, byteOffset, count));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = readElement(view, i * byteLength, dtype);
  return out;
}

/** Numbers as elements of `dtype`, little-endian, each rounded once; every NaN has the same bits. */
export function encodeElements(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const { byteLength } = dtypes[dtype];
  const TypedArray = arrayOf(dtype);
  if (TypedArray !== undefined) {
    const array = new TypedArray(values);
    for (let i = 0; i < array.length; i++) if (Number.isNaN(array[i]!)) array[i] = NaN;
    return new Uint8Array(array.buffer);
  }
  const bytes = new Uint8Array(values.length * byteLength);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) writeElement(view, i * byteLength, dtype, values[i]!);
  return bytes;
}

/** What a `DataView` calls a dtype: it reads the elements of an `Int8Array` by `getInt8`. */
type Accessor = "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32" | "Float32" | "Float64";
const accessor = (dtype: keyof typeof arrayTypes) => arrayTypes[dtype].name.slice(0, -"Array".length) as Accessor;

function readElement(view: DataView, at: number, dtype: DType): number {
  switch (dtype) {
    case "bool":
      return view.getUint8(at) === 0 ? 0 : 1;
    case "int64":
      return Number(view.getBigInt64(at, true));
    case "uint64":
      return Number(view.getBigUint64(at, true));
    case "float16":
      return float16Value(view.getUint16(at, true));
    case "bfloat16":
      return bfloat16Value(view.getUint16(at, true));
    default:
      return view[`get${accessor(dtype)}`](at, true);
  }
}

function writeElement(view: DataView, at: number, dtype: DType, x: number): void {
  if (dtype === "bool") view.setUint8(at, x === 0 ? 0 : 1);
  else if (dtype === "float16") view.setUint16(at, float16Bits(x), true);
  else if (dtype === "bfloat16") view.setUint16(at, bfloat16Bits(x), true);
  else if (dtype === "int64" || dtype === "uint64")
    view.setBigInt64(at, BigInt(Math.trunc(x)), true); // modulo 2^64 for both
  else view[`set${accessor(dtype)}`](at, Number.isNaN(x) ? NaN : x, true);
}

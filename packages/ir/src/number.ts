import { type DType, dtypes, integerRange } from "./dtype.ts";

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
const f64 = new Float64Array(1);
const u64 = new Uint32Array(f64.buffer);

/** Digits of a 16-bit float, the exponent of its smallest normal number, and the size from which on there is infinity alone. */
interface Short {
  readonly digits: number;
  readonly least: number;
  readonly limit: number;
}

const half: Short = { digits: 11, least: -14, limit: 2 ** 16 };
const brain: Short = { digits: 8, least: -126, limit: 2 ** 128 };

/** The nearest value of such a float, ties to even. */
function nearestShort(x: number, { digits, least, limit }: Short): number {
  const unit = 2 ** (Math.max(exponentOf(x), least) + 1 - digits);
  const nearest = roundHalfEven(x / unit) * unit;
  return Math.abs(nearest) >= limit ? Math.sign(x) * Infinity : nearest;
}

/** By how much the exponents of float16 and float32 differ: scaled by this, one has the other's bits in its upper half. */
const HALF_SCALE = 2 ** 112;

/** Bits of the float16 nearest to `x`, ties to even. NaN is the canonical 0x7e00. */
export function float16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const nearest = nearestShort(x, half);
  f32[0] = Math.abs(nearest) / HALF_SCALE;
  const sign = nearest < 0 || Object.is(nearest, -0) ? 0x8000 : 0;
  return sign | (Number.isFinite(nearest) ? u32[0]! >>> 13 : 0x7c00);
}

/** The value of float16 bits. */
export function float16Value(bits: number): number {
  u32[0] = (bits & 0x7fff) << 13;
  const size = (bits & 0x7c00) < 0x7c00 ? f32[0]! * HALF_SCALE : bits & 1023 ? NaN : Infinity;
  return bits & 0x8000 ? -size : size;
}

/** Bits of the bfloat16 nearest to `x`, ties to even, rounded once. NaN is the canonical 0x7fc0. */
export function bfloat16Bits(x: number): number {
  f32[0] = nearestShort(x, brain);
  return Number.isNaN(x) ? 0x7fc0 : u32[0]! >>> 16;
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
      return nearestShort(x, half);
    case "bfloat16":
      return nearestShort(x, brain);
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

/** Arrays that hold a dtype's elements as numbers; bool, the 16-bit floats and 64-bit integers have none. */
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

/** What holds the elements of the other dtypes, what each stands for, and how a number is written. */
const encodings = {
  bool: [Uint8Array, (x: number) => Number(x !== 0), (x: number) => Number(x !== 0)],
  float16: [Uint16Array, float16Value, float16Bits],
  bfloat16: [Uint16Array, bfloat16Value, bfloat16Bits],
  int64: [BigInt64Array, Number, (x: number) => BigInt(Math.trunc(x))],
  uint64: [BigUint64Array, Number, (x: number) => BigInt(Math.trunc(x))], // modulo 2^64
} as const;

const isPlain = (dtype: DType): dtype is keyof typeof arrayTypes => dtype in arrayTypes;

/** Elements of `dtype`, little-endian as all of JavaScript's hosts are, as numbers. 64-bit integers beyond 2^53 lose their last bits. */
export function decodeElements(dtype: DType, bytes: Uint8Array): Float64Array {
  const { byteLength } = dtypes[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % byteLength === 0 ? bytes : bytes.slice();
  const place = [buffer as ArrayBuffer, byteOffset, bytes.byteLength / byteLength] as const;
  if (isPlain(dtype)) return new Float64Array(new arrayTypes[dtype](...place));
  const [Stored, value] = encodings[dtype];
  return Float64Array.from(new Stored(...place) as Iterable<never>, value);
}

/** Numbers as elements of `dtype`, little-endian, each rounded once; every NaN has the same bits. */
export function encodeElements(dtype: DType, values: ArrayLike<number>): Uint8Array {
  if (!isPlain(dtype)) {
    const [Stored, , bits] = encodings[dtype];
    return new Uint8Array((Stored as typeof Uint8Array).from(values, bits as (x: number) => number).buffer);
  }
  const array = new arrayTypes[dtype](values);
  for (let i = 0; i < array.length; i++) if (Number.isNaN(array[i]!)) array[i] = NaN;
  return new Uint8Array(array.buffer);
}

import { arrayTypes, type DType, decodeElements, dtypes, encodeElements, type TensorData } from "@tenon/ir";

type TypedArrayClass = new (buffer: ArrayBufferLike) => TensorData;

const classes: Readonly<Record<Exclude<DType, "float16" | "bfloat16" | "int64" | "uint64">, TypedArrayClass>> = {
  ...arrayTypes,
  bool: Uint8Array,
};

/** A fresh typed array of little-endian elements; 16-bit floats are widened to float32, 64-bit integers become float64. */
export function typedArrayOf(dtype: DType, bytes: Uint8Array): TensorData {
  if (dtype === "float16" || dtype === "bfloat16") return Float32Array.from(decodeElements(dtype, bytes));
  if (dtype === "int64" || dtype === "uint64") return decodeElements(dtype, bytes);
  return new classes[dtype](bytes.slice().buffer);
}

const arrayDTypes = new Map<unknown, DType>([
  ...Object.entries(arrayTypes).map(([dtype, type]) => [type, dtype as DType] as const),
  [Uint8ClampedArray, "uint8"],
  [BigInt64Array, "int64"],
  [BigUint64Array, "uint64"],
]);

export type TypedArray = TensorData | Uint8ClampedArray | BigInt64Array | BigUint64Array;

export const isTypedArray = (x: unknown): x is TypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView);

/** The dtype whose elements a typed array holds. */
export const dtypeOfArray = (x: TypedArray): DType => arrayDTypes.get(x.constructor)!;

/** Numbers as little-endian bytes of `dtype`; a copy, so that later changes of `values` do no harm. */
export function bytesOf(dtype: DType, values: ArrayLike<number> | TypedArray): Uint8Array {
  if (isTypedArray(values) && dtypeOfArray(values) === dtype && dtype !== "bool") {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  }
  if (values instanceof BigInt64Array || values instanceof BigUint64Array)
    return encodeElements(dtype, Array.from(values, Number));
  return encodeElements(dtype, values as ArrayLike<number>);
}

export const byteLengthOf = (dtype: DType, shape: readonly number[]): number =>
  shape.reduce((n, d) => n * d, dtypes[dtype].byteLength);

import type { SafetensorsDType } from "./dtype.ts";
import { type Header, LENGTH_BYTES, readHeader, readHeaderLength } from "./header.ts";
import { defaultLimits, type SafetensorsLimits } from "./limits.ts";

/** A tensor as it stands in a file: `bytes` in row-major order, little-endian. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/**
 * Reads a safetensors file.
 *
 * Tensors are views of `bytes`, not copies; a typed array over one needs a `byteOffset` that its element size divides,
 * which no file has to give. Every rule of the format is checked before anything is returned: unique names, known
 * dtypes, sizes that agree, and tensors that cover the data without hole or overlap. A file that breaks one, or goes
 * beyond the limits, is refused with a `SafetensorsError` that has the byte. Source: the format's description in
 * github.com/huggingface/safetensors.
 */
export function parseSafetensors(bytes: Uint8Array, limits: Partial<SafetensorsLimits> = {}): Safetensors {
  const allLimits = { ...defaultLimits, ...limits };
  const dataStart = LENGTH_BYTES + readHeaderLength(bytes, bytes.length, allLimits);
  const header = readHeader(bytes.subarray(LENGTH_BYTES, dataStart), bytes.length - dataStart, allLimits);
  return viewTensors(header, bytes.subarray(dataStart));
}

/** The tensors of a checked header as views of the data that follows it. */
export function viewTensors({ metadata, tensors }: Header, data: Uint8Array): Safetensors {
  const views = new Map<string, SafetensorsTensor>();
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    views.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  return { metadata, tensors: views };
}

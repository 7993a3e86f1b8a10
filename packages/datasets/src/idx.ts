import { DataError } from "./errors.ts";

/** Elements of an idx file in a typed array of their own type. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An array as an idx file holds it, row-major. */
export interface IdxArray {
  readonly dtype: "uint8" | "int8" | "int16" | "int32" | "float32" | "float64";
  readonly shape: readonly number[];
  readonly data: IdxData;
}

interface ElementType {
  readonly dtype: IdxArray["dtype"];
  readonly byteLength: number;
  /** `length` big-endian elements from byte `start` on. */
  read(bytes: DataView, start: number, length: number): IdxData;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, bytes("uint8", Uint8Array)],
  [0x09, bytes("int8", Int8Array)],
  [0x0b, elements("int16", Int16Array, (view, at) => view.getInt16(at))],
  [0x0c, elements("int32", Int32Array, (view, at) => view.getInt32(at))],
  [0x0d, elements("float32", Float32Array, (view, at) => view.getFloat32(at))],
  [0x0e, elements("float64", Float64Array, (view, at) => view.getFloat64(at))],
]);

const MAX_RANK = 8;
const MAX_ELEMENTS = 2 ** 40;

/**
 * Reads an idx file, the format of MNIST: two zeros, a type, a rank, sizes and elements, all big-endian.
 *
 * Bytes are shared with the file, larger elements are copied. A file must be exactly as long as its sizes say. Source: LeCun, Cortes & Burges, The MNIST
 * database, section "File formats".
 *
 * @param path Where the file is, for errors.
 */
export function parseIdx(bytes: Uint8Array, path?: string): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw cutShort(bytes.length, 4, path);
  if (view.getUint16(0) !== 0) {
    const magic = view.getUint32(0).toString(16).padStart(8, "0");
    const packed = magic.startsWith("1f8b")
      ? "unpack the file first; it is packed with gzip"
      : "check that this is an idx file";
    throw formatError("E762", `the file begins with ${magic}, not with two zeros`, 0, packed, path);
  }
  const type = elementTypes.get(view.getUint8(2));
  if (type === undefined) {
    const known = [...elementTypes].map(([code, { dtype }]) => `${code} for ${dtype}`).join(", ");
    throw formatError("E763", `element type ${view.getUint8(2)} is unknown`, 2, `use ${known}`, path);
  }
  const rank = view.getUint8(3);
  if (rank > MAX_RANK) throw tooLarge(`the array has ${rank} dimensions but the limit is ${MAX_RANK}`, 3, path);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw cutShort(bytes.length, start, path);

  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  let elements = 1;
  for (const [axis, dim] of shape.entries()) {
    elements *= dim; // below 2^40 · 2^32, compared before it grows further
    if (elements > MAX_ELEMENTS)
      throw tooLarge(`the array has more elements than the limit of ${MAX_ELEMENTS}`, 4 + 4 * axis, path);
  }
  const length = start + elements * type.byteLength;
  if (bytes.length !== length) {
    const problem = `${type.dtype} [${shape.join(", ")}] takes ${length} bytes with the header but the file holds ${bytes.length}`;
    const fix = bytes.length < length ? "fetch the file again; it was cut short" : "remove what follows the array";
    throw formatError("E765", problem, Math.min(bytes.length, length), fix, path);
  }
  return { dtype: type.dtype, shape, data: type.read(view, start, elements) };
}

function bytes(dtype: "uint8" | "int8", array: new (...at: [ArrayBufferLike, number, number]) => IdxData): ElementType {
  return {
    dtype,
    byteLength: 1,
    read: (view, start, length) => new array(view.buffer, view.byteOffset + start, length),
  };
}

function elements(
  dtype: IdxArray["dtype"],
  array: (new (length: number) => IdxData) & { readonly BYTES_PER_ELEMENT: number },
  element: (view: DataView, at: number) => number,
): ElementType {
  const byteLength = array.BYTES_PER_ELEMENT;
  return {
    dtype,
    byteLength,
    read(view, start, length) {
      const data = new array(length);
      for (let i = 0; i < length; i++) data[i] = element(view, start + i * byteLength);
      return data;
    },
  };
}

function cutShort(length: number, needed: number, path: string | undefined): DataError {
  return formatError(
    "E761",
    `the file holds ${length} bytes but its header takes ${needed}`,
    length,
    "fetch the file again; it was cut short",
    path,
  );
}

function tooLarge(problem: string, offset: number, path: string | undefined): DataError {
  const fix = "split the array into smaller files";
  return new DataError("LimitError", "E764", "idx", problem, { ...(path === undefined ? {} : { path }), offset, fix });
}

function formatError(code: string, problem: string, offset: number, fix: string, path: string | undefined): DataError {
  return new DataError("FormatError", code, "idx", problem, { ...(path === undefined ? {} : { path }), offset, fix });
}

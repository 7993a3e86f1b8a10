import { dtypes, isDType, type SafetensorsDType } from "./dtype.ts";
import { formatError, quoted, type SafetensorsError } from "./errors.ts";
import { JsonCursor, OPEN_BRACE } from "./json.ts";
import {
  checkHeaderBytes,
  checkName,
  checkSpan,
  checkTensorCount,
  type Place,
  type SafetensorsLimits,
} from "./limits.ts";

/** Bytes before the header: its length, an unsigned 64-bit little-endian number. */
export const LENGTH_BYTES = 8;
/** The key of the header that holds texts and no tensor. */
export const METADATA_KEY = "__metadata__";

/** What the header says of one tensor. Bytes `begin` to `end` of the data, which starts after the header. */
export interface TensorInfo {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** Length of the header, from the first 8 bytes of a file of `fileBytes` bytes. */
export function readHeaderLength(bytes: Uint8Array, fileBytes: number, limits: SafetensorsLimits): number {
  if (fileBytes < LENGTH_BYTES) {
    throw formatError(
      "E701",
      `the file holds ${fileBytes} bytes but the length of the header alone takes ${LENGTH_BYTES}`,
      {
        offset: 0,
        fix: "fetch the file again; it is not a safetensors file, or it was cut short",
      },
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(fileBytes - LENGTH_BYTES)) {
    throw formatError("E702", `header length is ${length} but the file holds ${fileBytes} bytes`, {
      offset: 0,
      fix: "fetch the file again; it is not a safetensors file, or it was cut short",
    });
  }
  checkHeaderBytes(Number(length), limits);
  return Number(length);
}

/**
 * Reads and checks a header against the number of bytes of data that follow it.
 *
 * Afterwards every tensor's bytes lie inside the data, fit its dtype and shape, belong to no other tensor, and no byte
 * is left over.
 */
export function readHeader(header: Uint8Array, dataBytes: number, limits: SafetensorsLimits): Header {
  if (header[0] !== OPEN_BRACE) {
    const found = header.length === 0 ? "is empty" : `starts with byte ${header[0]}, not with {`;
    throw formatError("E704", `the header ${found}`, {
      offset: LENGTH_BYTES,
      fix: "check that this is a safetensors file",
    });
  }
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  const cursor = new JsonCursor(header, LENGTH_BYTES);
  cursor.record("the header", (tensor, offset) => {
    if (tensor === METADATA_KEY) {
      cursor.record(METADATA_KEY, (key) => metadata.set(key, cursor.string(`a text of ${METADATA_KEY}`)));
      return;
    }
    checkName(tensor, limits, { tensor, offset });
    checkTensorCount(tensors.size + 1, limits, { offset });
    tensors.set(tensor, readTensorInfo(cursor, limits, { tensor, offset }));
  });
  cursor.end("the header");
  checkLayout(tensors, dataBytes, LENGTH_BYTES + header.length);
  return { metadata, tensors };
}

function readTensorInfo(cursor: JsonCursor, limits: SafetensorsLimits, place: Place): TensorInfo {
  let dtype: SafetensorsDType | undefined;
  const numbers: { shape?: number[]; data_offsets?: number[] } = {};
  cursor.record("a tensor's record", (field, offset) => {
    if (field === "dtype") {
      const text = cursor.string("a dtype");
      if (!isDType(text)) {
        throw formatError("E709", `dtype ${quoted(text)} is unknown`, {
          ...place,
          offset,
          fix: `write the tensor as one of ${dtypes.join(", ")}`,
        });
      }
      dtype = text;
    } else if (field === "shape" || field === "data_offsets") {
      const list: number[] = [];
      cursor.list(field, () => list.push(cursor.wholeNumber(`a number of ${field}`)));
      numbers[field] = list;
    } else throw wrongFields(`a tensor has an unknown field ${quoted(field)}`, { ...place, offset });
  });
  const { shape, data_offsets: span } = numbers;
  if (dtype === undefined) throw wrongFields("a tensor has no dtype", place);
  if (shape === undefined) throw wrongFields("a tensor has no shape", place);
  if (span === undefined) throw wrongFields("a tensor has no data_offsets", place);
  const [begin, end] = span;
  if (begin === undefined || end === undefined || span.length > 2) {
    throw wrongFields(`data_offsets has ${span.length} numbers, not 2`, place);
  }
  if (begin > end) throw outside(`a tensor begins at byte ${begin} of the data but ends at ${end}`, place);
  checkSpan(dtype, shape, end - begin, limits, place);
  return { dtype, shape, begin, end };
}

/** Tensors in the order of their bytes must follow one another from the first byte of the data to the last. */
function checkLayout(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number, dataStart: number): void {
  let covered = 0;
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [tensor, { begin, end }] of inOrder) {
    if (end > dataBytes) {
      throw outside(`a tensor ends at byte ${end} of the data but there are ${dataBytes}`, {
        tensor,
        offset: dataStart + begin,
      });
    }
    if (begin < covered) {
      throw formatError("E718", `a tensor begins at byte ${begin} of the data, where another one ends at ${covered}`, {
        tensor,
        offset: dataStart + begin,
        fix: "write the file again; no byte may belong to two tensors",
      });
    }
    if (begin > covered) throw unused(begin - covered, dataStart + covered);
    covered = end;
  }
  if (covered < dataBytes) throw unused(dataBytes - covered, dataStart + covered);
}

function unused(count: number, offset: number): SafetensorsError {
  return formatError("E719", `${count} bytes of the data belong to no tensor`, {
    offset,
    fix: "write the file again without holes; bytes that no tensor names can hide another file",
  });
}

function outside(problem: string, place: Place): SafetensorsError {
  return formatError("E717", problem, {
    ...place,
    fix: "fetch the file again; it was cut short, or its header is wrong",
  });
}

function wrongFields(problem: string, place: Place): SafetensorsError {
  return formatError("E708", problem, {
    ...place,
    fix: "give each tensor dtype, shape and data_offsets, and nothing else",
  });
}

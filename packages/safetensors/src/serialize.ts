import { dtypes, isDType } from "./dtype.ts";
import { formatError, quoted } from "./errors.ts";
import { LENGTH_BYTES, METADATA_KEY } from "./header.ts";
import { checkHeaderBytes, checkName, checkSpan, checkTensorCount, defaultLimits } from "./limits.ts";
import type { SafetensorsTensor } from "./parse.ts";

/** The header is padded to a multiple of this, so that the data of a file loaded at an aligned address is aligned. */
const ALIGNMENT = 8; // bytes, the widest element

/**
 * Writes a safetensors file. The same tensors and metadata give the same bytes, in whatever order they come.
 *
 * Tensors are laid out as by the reference implementation: wide dtypes first (the order of `dtypeBytes` backwards), so
 * that every tensor is aligned to its element size, and by the UTF-8 bytes of the name within a dtype. Metadata are
 * sorted by key, and the header is padded with spaces to 8 bytes. What the reader would refuse is refused here with the
 * same error.
 */
export function serializeSafetensors(
  entries: Iterable<readonly [name: string, tensor: SafetensorsTensor]>,
  metadata: Iterable<readonly [key: string, text: string]> = [],
): Uint8Array {
  const tensors = inFileOrder(entries);
  const texts = sortedTexts(metadata);
  const fields = texts.length === 0 ? [] : [`${JSON.stringify(METADATA_KEY)}:{${texts.join(",")}}`];
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    const begin = end;
    end += bytes.length;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }

  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  checkHeaderBytes(headerBytes, defaultLimits);
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerBytes;
  file.fill(0x20, LENGTH_BYTES + header.length, position);
  for (const [, { bytes }] of tensors) {
    file.set(bytes, position);
    position += bytes.length;
  }
  return file;
}

function inFileOrder(entries: Iterable<readonly [string, SafetensorsTensor]>): readonly [string, SafetensorsTensor][] {
  const unique = new Map<string, SafetensorsTensor>();
  for (const [tensor, value] of entries) {
    checkText(tensor, "a name");
    checkName(tensor, defaultLimits, { tensor });
    if (tensor === METADATA_KEY) {
      throw formatError("E711", `a tensor has the reserved name ${METADATA_KEY}`, {
        tensor,
        fix: "give it another name",
      });
    }
    if (unique.has(tensor)) {
      throw formatError("E707", "two tensors have the same name", { tensor, fix: "give each tensor its own name" });
    }
    const { dtype, shape, bytes } = value;
    if (!isDType(dtype)) {
      throw formatError("E709", `dtype ${quoted(String(dtype))} is unknown`, {
        tensor,
        fix: `use one of ${dtypes.join(", ")}`,
      });
    }
    if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
      throw formatError(
        "E710",
        `shape [${shape.join(", ")}] has a size that is not a whole number from 0 to 2^53 - 1`,
        {
          tensor,
          fix: "give sizes as whole numbers",
        },
      );
    }
    checkSpan(dtype, shape, bytes.length, defaultLimits, { tensor });
    unique.set(tensor, value);
    checkTensorCount(unique.size, defaultLimits, { tensor });
  }
  return [...unique].sort(
    ([a, x], [b, y]) => dtypes.indexOf(y.dtype) - dtypes.indexOf(x.dtype) || compareCodePoints(a, b),
  );
}

function sortedTexts(metadata: Iterable<readonly [string, string]>): string[] {
  const unique = new Map<string, string>();
  for (const [key, text] of metadata) {
    checkText(key, "a key of the metadata");
    checkText(text, "a text of the metadata");
    if (unique.has(key)) {
      throw formatError("E707", `key ${quoted(key)} stands twice in the metadata`, {
        fix: "give each text its own key",
      });
    }
    unique.set(key, text);
  }
  return [...unique]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
}

function checkText(text: string, what: string): void {
  if (typeof text === "string" && !/\p{Surrogate}/u.test(text)) return;
  const problem =
    typeof text === "string" ? `${what} has half of a surrogate pair` : `${what} is a ${typeof text}, not a string`;
  throw formatError("E711", problem, { fix: "give names and metadata as Unicode strings" });
}

/** Orders by code points, as bytes of UTF-8 do; the operator `<` would order by units of UTF-16. */
function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogates = Number(isSurrogate(x)) - Number(isSurrogate(y)); // above every other unit, as code points
    return surrogates || x - y;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

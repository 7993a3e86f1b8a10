import { ByteReader, utf8 } from "./bytes.ts";
import { FormatError, LimitError } from "./errors.ts";
import { sha256, toHex } from "./sha256.ts";

/**
 * The `.tenon` container: named sections of bytes, each of them checked.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 4 | `TNON` |
 * | 4 | 4 | version, 1 |
 * | 8 | 4 | byte length of the table of contents |
 * | 12 | 4 | count of sections |
 * | 16 | 32 | SHA-256 of the 16 bytes before and of the table |
 * | 48 | | table: per section the length of its id (1 byte), id, offset (8), byte length (8), SHA-256 (32) |
 *
 * Integers are little-endian. A section begins at the first multiple of 64 after the one before it, after zeros; the
 * file ends with the last section.
 */
const ALIGNMENT = 64;
const HEADER = 48;
const DIGEST = 32;
const VERSION = 1;
/** Most sections of a file. */
const MAX_SECTIONS = 10_000;

const magic = Uint8Array.of(0x54, 0x4e, 0x4f, 0x4e); // TNON
// An id is also the name of a file in a checkpoint folder, on every platform.
const idPattern = /^[a-z0-9_][a-z0-9_.-]{0,254}$/;

/** The bytes of a `.tenon` file with these sections, in this order. */
export function writeContainer(sections: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const ids = [...sections.keys()].map((id) => {
    if (idPattern.test(id)) return utf8(id);
    throw new FormatError("E147", "container", `${JSON.stringify(id.slice(0, 80))} cannot name a section`, {
      fix: "use lower-case letters, digits, _, - and dots",
    });
  });
  const tableLength = ids.reduce((n, id) => n + 1 + id.length + 16 + DIGEST, 0);
  const places: number[] = [];
  let end = HEADER + tableLength;
  for (const { length } of sections.values()) {
    places.push(align(end));
    end = align(end) + length;
  }
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  [VERSION, tableLength, sections.size].forEach((n, i) => {
    view.setUint32(4 + 4 * i, n, true);
  });
  let at = HEADER;
  for (const [i, content] of [...sections.values()].entries()) {
    const id = ids[i]!;
    bytes[at] = id.length;
    bytes.set(id, at + 1);
    at += 1 + id.length;
    setUint64(view, at, places[i]!);
    setUint64(view, at + 8, content.length);
    bytes.set(sha256(content), at + 16);
    at += 16 + DIGEST;
    bytes.set(content, places[i]!);
  }
  bytes.set(headerDigest(bytes, at), 16);
  return bytes;
}

/**
 * The sections of a `.tenon` file in their order, as views of `bytes`. Every byte of the file is checked: a flipped
 * bit, a missing or an added byte is a `FormatError` with its offset.
 */
export function readContainer(bytes: Uint8Array): Map<string, Uint8Array> {
  const from = new ByteReader("container", bytes);
  if (from.raw(4).some((byte, i) => byte !== magic[i]))
    throw from.problem("E140", "the bytes do not begin with TNON", 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  from.at = 0;
  from.raw(HEADER);
  const [version, tableLength, count] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number];
  if (version !== VERSION) {
    throw from.problem(
      "E141",
      `the container has version ${version}, this reader has ${VERSION}`,
      4,
      "upgrade the package",
    );
  }
  from.raw(tableLength);
  const tableEnd = HEADER + tableLength;
  if (!sameBytes(headerDigest(bytes, tableEnd), bytes.subarray(16, HEADER))) {
    throw from.problem(
      "E142",
      "the table of contents does not have its SHA-256",
      16,
      "the file is damaged: copy or download it again",
    );
  }
  if (count > MAX_SECTIONS) {
    throw new LimitError("E150", "container", `${count} sections are more than ${MAX_SECTIONS}`, { at: "byte 12" });
  }
  const table = new ByteReader("container", bytes, HEADER, tableEnd);
  const sections = new Map<string, Uint8Array>();
  let end = tableEnd;
  for (let i = 0; i < count; i++) end = readSection(table, end, sections);
  table.finish("the table of contents");
  if (end !== bytes.length) throw from.problem("E137", `${bytes.length - end} bytes follow the last section`, end);
  return sections;
}

/** Adds the next section of the table to `sections`. Returns where it ends; `previous` is where the one before did. */
function readSection(table: ByteReader, previous: number, sections: Map<string, Uint8Array>): number {
  const { bytes } = table;
  const start = table.at;
  const id = String.fromCharCode(...table.raw(table.byte()));
  if (!idPattern.test(id)) throw table.problem("E147", `${JSON.stringify(id)} cannot name a section`, start);
  if (sections.has(id)) throw table.problem("E143", `the section ${id} is listed twice`, start);
  const place = getUint64(table);
  const length = getUint64(table);
  const digest = table.raw(DIGEST);
  if (place < previous)
    throw table.problem(
      "E144",
      `the section ${id} begins at ${place}, before byte ${previous}, where the one before it ends`,
      start,
    );
  if (place !== align(previous))
    throw table.problem("E145", `the section ${id} begins at ${place}, not at ${align(previous)}`, start);
  if (place + length > bytes.length) {
    throw table.problem(
      "E132",
      `the section ${id} ends at ${place + length}, but there are ${bytes.length} bytes`,
      start,
      "the file is cut off: copy or download it again",
    );
  }
  const stray = bytes.subarray(previous, place).findIndex((byte) => byte !== 0);
  if (stray >= 0) throw table.problem("E146", `the padding before the section ${id} is not zero`, previous + stray);
  const content = bytes.subarray(place, place + length);
  if (!sameBytes(sha256(content), digest)) {
    throw table.problem(
      "E142",
      `the section ${id} does not have its SHA-256, ${toHex(digest)}`,
      place,
      "the file is damaged: copy or download it again",
    );
  }
  sections.set(id, content);
  return place + length;
}

const align = (at: number): number => Math.ceil(at / ALIGNMENT) * ALIGNMENT;

/** SHA-256 of the header but for the digest itself, and of the table. */
function headerDigest(bytes: Uint8Array, tableEnd: number): Uint8Array {
  const covered = new Uint8Array(16 + tableEnd - HEADER);
  covered.set(bytes.subarray(0, 16));
  covered.set(bytes.subarray(HEADER, tableEnd), 16);
  return sha256(covered);
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getUint64(from: ByteReader): number {
  const start = from.at;
  const bytes = from.raw(8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const value = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (Number.isSafeInteger(value)) return value;
  throw from.problem("E133", "the number is above 2^53 − 1", start);
}

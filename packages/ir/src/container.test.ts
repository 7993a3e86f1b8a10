import { expect, test } from "vitest";
import { readContainer, writeContainer } from "./container.ts";
import { FormatError } from "./errors.ts";
import { sha256 } from "./sha256.ts";

const sections = new Map([
  ["module.tnir", Uint8Array.of(1, 2, 3)],
  ["metadata.json", new TextEncoder().encode('{"name":"step"}')],
  ["empty", new Uint8Array(0)],
  ["weights.safetensors", Uint8Array.from({ length: 200 }, (_, i) => i)],
]);
const bytes = writeContainer(sections);

/** The bytes with a change to the table of contents, whose digest is made to fit. */
function withTable(change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view);
  const end = 48 + view.getUint32(8, true);
  copy.set(sha256(Uint8Array.of(...copy.subarray(0, 16), ...copy.subarray(48, end))), 16);
  return copy;
}

/** Where the table's row of a section keeps its offset. */
function offsetPlace(index: number): number {
  let at = 48;
  for (let i = 0; ; i++) {
    const place = at + 1 + bytes[at]!;
    if (i === index) return place;
    at = place + 48;
  }
}

test("sections are read back in their order, from places that are multiples of 64", () => {
  const read = readContainer(bytes);
  expect([...read]).toEqual([...sections]);
  for (const content of read.values()) expect((content.byteOffset - bytes.byteOffset) % 64).toBe(0);
  expect(readContainer(writeContainer(new Map())).size).toBe(0);
});

test("a file that lies inside a larger buffer is read", () => {
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect([...readContainer(larger.subarray(3))]).toEqual([...sections]);
});

test("every flipped bit is found", () => {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const copy = bytes.slice();
      copy[at]! ^= 1 << bit;
      expect(() => readContainer(copy), `byte ${at}, bit ${bit}`).toThrow(FormatError);
    }
  }
});

test("a file that is cut off or goes on is refused", () => {
  for (let length = 0; length < bytes.length; length++) {
    expect(() => readContainer(bytes.subarray(0, length)), `${length} bytes`).toThrow(FormatError);
  }
  expect(() => readContainer(Uint8Array.of(...bytes, 0))).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E137 container: 1 bytes follow the last section.
      at: byte 648]
  `);
});

test("errors name the byte", () => {
  const text = (broken: Uint8Array): string => {
    try {
      readContainer(broken);
      return "it was read";
    } catch (error) {
      return `${(error as Error).name} ${(error as Error).message}`;
    }
  };
  const flipped = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const offset = (index: number): number => new DataView(bytes.buffer).getUint32(offsetPlace(index), true);
  const problems = {
    "another magic": text(flipped(0)),
    "another version": text(flipped(4)),
    "damaged table": text(flipped(60)),
    "damaged section": text(flipped(offset(3) + 10)),
    "cut off": text(bytes.subarray(0, bytes.length - 1)),
    padding: text(flipped(offset(1) - 1)),
    overlap: text(withTable((view) => view.setUint32(offsetPlace(1), offset(0), true))),
    "out of order": text(
      withTable((view) => {
        view.setUint32(offsetPlace(0), offset(1), true);
        view.setUint32(offsetPlace(1), offset(0), true);
      }),
    ),
    "a gap": text(withTable((view) => view.setUint32(offsetPlace(3), offset(3) + 64, true))),
    twice: text(writeTwice()),
    "a size beyond 2^53": text(withTable((view) => view.setUint32(offsetPlace(0) + 12, 2 ** 31, true))),
    "a path": text(withTable((view) => view.setUint8(49, "/".charCodeAt(0)))),
    "too many sections": text(withTable((view) => view.setUint32(12, 2 ** 31, true))),
    "one section more": text(withTable((view) => view.setUint32(12, 5, true))),
    "one section fewer": text(withTable((view) => view.setUint32(12, 3, true))),
  };
  expect(problems).toMatchInlineSnapshot(`
    {
      "a gap": "FormatError E145 container: the section weights.safetensors begins at 512, not at 448.
      at: byte 224",
      "a path": "FormatError E147 container: "/odule.tnir" cannot name a section.
      at: byte 48",
      "a size beyond 2^53": "FormatError E133 container: the number is above 2^53 − 1.
      at: byte 68",
      "another magic": "FormatError E140 container: the bytes do not begin with TNON.
      at: byte 0",
      "another version": "FormatError E141 container: the container has version 0, this reader has 1.
      at: byte 4
      fix: upgrade the package.",
      "cut off": "FormatError E132 container: the section weights.safetensors ends at 648, but there are 647 bytes.
      at: byte 224
      fix: the file is cut off: copy or download it again.",
      "damaged section": "FormatError E142 container: the section weights.safetensors does not have its SHA-256, 1901da1c9f699b48f6b2636e65cbf73abf99d0441ef67f5c540a42f7051dec6f.
      at: byte 448
      fix: the file is damaged: copy or download it again.",
      "damaged table": "FormatError E142 container: the table of contents does not have its SHA-256.
      at: byte 16
      fix: the file is damaged: copy or download it again.",
      "one section fewer": "FormatError E137 container: 68 bytes follow the table of contents.
      at: byte 224",
      "one section more": "FormatError E132 container: the bytes end too early.
      at: byte 292",
      "out of order": "FormatError E145 container: the section module.tnir begins at 384, not at 320.
      at: byte 48",
      "overlap": "FormatError E144 container: the section metadata.json begins at 320, before byte 323, where the one before it ends.
      at: byte 108",
      "padding": "FormatError E146 container: the padding before the section metadata.json is not zero.
      at: byte 383",
      "too many sections": "LimitError E150 container: 2147483648 sections are more than 10000.
      at: byte 12",
      "twice": "FormatError E143 container: the section a is listed twice.
      at: byte 98",
    }
  `);
});

/** A file of two sections with one name. */
function writeTwice(): Uint8Array {
  const file = writeContainer(
    new Map([
      ["a", Uint8Array.of(1)],
      ["b", Uint8Array.of(2)],
    ]),
  );
  file[48 + 1 + 1 + 48 + 1] = "a".charCodeAt(0);
  const end = 48 + new DataView(file.buffer).getUint32(8, true);
  file.set(sha256(Uint8Array.of(...file.subarray(0, 16), ...file.subarray(48, end))), 16);
  return file;
}

test("a section is named by what can be a file name everywhere", () => {
  for (const id of ["", "../a", "a/b", ".hidden", "A", "a b", "é", "x".repeat(256)]) {
    expect(() => writeContainer(new Map([[id, new Uint8Array(1)]]))).toThrow(FormatError);
  }
});

import { expect, test } from "vitest";
import { parseSafetensors, SafetensorsError, type SafetensorsTensor, serializeSafetensors } from "./index.ts";

const original = serializeSafetensors(
  [
    ["conv.weight", { dtype: "F32", shape: [1, 2], bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
    ["conv.bias", { dtype: "F16", shape: [2], bytes: Uint8Array.of(9, 10, 11, 12) }],
    ["steps", { dtype: "I64", shape: [], bytes: new Uint8Array(8) }],
    ["none", { dtype: "U8", shape: [0, 3], bytes: new Uint8Array(0) }],
  ] satisfies [string, SafetensorsTensor][],
  [["format", "pt"]],
);
const headerEnd = 8 + new DataView(original.buffer).getUint32(0, true);

/** What damaged bytes lead to: a typed error, or a file whose tensors obey the rules and survive a round trip. */
function outcome(bytes: Uint8Array): "refused" | "read" {
  let parsed: ReturnType<typeof parseSafetensors>;
  try {
    parsed = parseSafetensors(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError && error.fix !== "") return "refused";
    throw error;
  }
  const again = parseSafetensors(serializeSafetensors(parsed.tensors, parsed.metadata));
  expect(new Map(again.tensors)).toEqual(new Map(parsed.tensors));
  expect(new Map(again.metadata)).toEqual(new Map(parsed.metadata));
  return "read";
}

/** Marsaglia 2003, Xorshift RNGs: uniform whole numbers below `n`, for tests. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

test("a file cut at any byte is refused", () => {
  for (let length = 0; length < original.length; length++)
    expect(outcome(original.subarray(0, length))).toBe("refused");
});

test("20,000 files with one to four random bytes are refused or read, never anything else", () => {
  const below = generator(1);
  const counts = { refused: 0, read: 0 };
  for (let round = 0; round < 20_000; round++) {
    const bytes = original.slice();
    for (let flips = 1 + below(4); flips > 0; flips--) bytes[below(headerEnd)] = below(256);
    counts[outcome(bytes)]++;
  }
  expect(counts.refused).toBeGreaterThan(10_000);
  expect(counts.read).toBeGreaterThan(100);
});

test("20,000 files whose header was edited by whole words are refused or read, never anything else", () => {
  const words = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\u",
    "0",
    "-1",
    "1e9",
    "9007199254740992",
    '"a"',
    "null",
    "F64",
    "BOOL",
    "__metadata__",
    "\ud83d",
    " ",
    "[[[[",
  ];
  const header = new TextDecoder().decode(original.subarray(8, headerEnd)).match(/\w+|\W/g)!;
  const below = generator(2);
  const counts = { refused: 0, read: 0 };
  for (let round = 0; round < 20_000; round++) {
    const edited = header.slice();
    for (let edits = 1 + below(3); edits > 0; edits--) {
      const at = below(edited.length);
      const word = below(2) === 0 ? words[below(words.length)]! : header[below(header.length)]!;
      edited.splice(at, below(2), word);
    }
    const text = new TextEncoder().encode(edited.join(""));
    const bytes = new Uint8Array(8 + text.length + original.length - headerEnd);
    new DataView(bytes.buffer).setUint32(0, text.length, true);
    bytes.set(text, 8);
    bytes.set(original.subarray(headerEnd), 8 + text.length);
    counts[outcome(bytes)]++;
  }
  expect(counts.refused).toBeGreaterThan(10_000);
  expect(counts.read).toBeGreaterThan(100);
});

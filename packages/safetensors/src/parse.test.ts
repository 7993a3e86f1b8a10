import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseSafetensors, SafetensorsError, type SafetensorsLimits } from "./index.ts";

/** A file with this header text and these data bytes. */
function file(header: string | Uint8Array, data: readonly number[] = []): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return Uint8Array.from([...length, ...text, ...data]);
}

function tensor(fields: { dtype?: string; shape?: string; offsets?: string } = {}): string {
  const { dtype = "U8", shape = "[1]", offsets = "[0,1]" } = fields;
  return `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

function faultOf(bytes: Uint8Array, limits?: Partial<SafetensorsLimits>): SafetensorsError {
  try {
    parseSafetensors(bytes, limits);
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

test("a file written byte for byte gives its tensors and metadata", () => {
  const header =
    '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"n":{"dtype":"I16","shape":[],"data_offsets":[8,10]}}';
  const bytes = Uint8Array.from([
    ...[header.length, 0, 0, 0, 0, 0, 0, 0],
    ...Array.from(header, (character) => character.charCodeAt(0)),
    ...[0x00, 0x00, 0x80, 0x3f], // 1 in float32
    ...[0x00, 0x00, 0x20, 0xc1], // -10
    ...[0xfe, 0xff], // -2 in int16
  ]);
  const { metadata, tensors } = parseSafetensors(bytes);
  expect([...metadata]).toEqual([["format", "pt"]]);
  expect([...tensors.keys()]).toEqual(["w", "n"]);
  expect(tensors.get("w")).toEqual({ dtype: "F32", shape: [1, 2], bytes: bytes.slice(-10, -2) });
  expect(tensors.get("n")).toEqual({ dtype: "I16", shape: [], bytes: Uint8Array.from([0xfe, 0xff]) });
  expect(tensors.get("w")!.bytes.buffer).toBe(bytes.buffer);
});

test("a file may lie anywhere in its buffer", () => {
  const padded = Uint8Array.from([9, 9, 9, ...file(`{"a":${tensor()}}`, [7]), 9]).subarray(3, -1);
  expect(parseSafetensors(padded).tensors.get("a")!.bytes).toEqual(Uint8Array.of(7));
});

test("no tensors, no elements and rank 0 are allowed, in any order of the header, with space between", () => {
  expect(parseSafetensors(file("{}")).tensors.size).toBe(0);
  const header = ` \n{ "b" : ${tensor({ offsets: "[ 0 , 1 ]", shape: "[\t]" })}, "e": ${tensor({ shape: "[0,5]", offsets: "[1,1]" })},\r\n"z":${tensor({ shape: "[0]", offsets: "[0,0]" })} }  `;
  const { tensors } = parseSafetensors(file(header.trimStart(), [5]));
  expect([...tensors].map(([name, { bytes }]) => `${name}:${bytes.length}`)).toEqual(["b:1", "e:0", "z:0"]);
});

test("names are text and nothing more: escapes, any script, and __proto__", () => {
  const names = ['q"\\/\b\f\n\r\t', "été 層 😀", "__proto__", "constructor", ""];
  const keys = [
    '"q\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\\u00e9t\\u00E9 層 \\ud83d\\uDE00"',
    '"__proto__"',
    '"constructor"',
    '""',
  ];
  const header = `{${keys.map((key, i) => `${key}:${tensor({ offsets: `[${i},${i + 1}]` })}`)},"__metadata__":{"__proto__":"x"}}`;
  const { tensors, metadata } = parseSafetensors(file(header, [1, 2, 3, 4, 5]));
  expect([...tensors.keys()]).toEqual(names);
  expect(metadata.get("__proto__")).toBe("x");
  expect("x" in {}).toBe(false);
});

test("an error has its code, place and fix, and the brand of Tenon's errors", () => {
  const fault = faultOf(
    file("{")
      .fill(99, 0, 1)
      .slice(0, 8 + 1),
  );
  expect(fault).toMatchInlineSnapshot(`
    [FormatError E702 safetensors: header length is 99 but the file holds 9 bytes.
      at: byte 0
      fix: fetch the file again; it is not a safetensors file, or it was cut short.]
  `);
  expect(fault).toMatchObject({ name: "FormatError", code: "E702", offset: 0, [Symbol.for("tenon.error")]: true });
  const overlap = faultOf(file(`{"a":${tensor()},"b":${tensor()}}`, [1]));
  expect(overlap).toMatchInlineSnapshot(`
    [FormatError E718 safetensors: a tensor begins at byte 0 of the data, where another one ends at 1.
      tensor: "b"
      at: byte 113
      fix: write the file again; no byte may belong to two tensors.]
  `);
  expect(overlap.tensor).toBe("b");
});

const faults: readonly [claim: string, code: string, bytes: Uint8Array][] = [
  ["an empty file", "E701", new Uint8Array(0)],
  ["seven bytes", "E701", new Uint8Array(7)],
  ["a header longer than the file", "E702", file("{}").slice(0, 9)],
  ["a header length of 2^64 - 1", "E702", new Uint8Array(64).fill(255)],
  ["a header of no bytes", "E704", file("")],
  ["a header that starts with space", "E704", file(" {}")],
  ["a header that starts with a byte order mark", "E704", file("\ufeff{}")],
  ["a list in place of the header", "E704", file("[]")],
  ["a name that is not UTF-8", "E705", file(Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a))],
  ["an overlong encoding of a quote", "E705", file(Uint8Array.of(0x7b, 0x22, 0xc0, 0xa2, 0x22, 0x3a))],
  ["bytes that are not UTF-8 between values", "E706", file(Uint8Array.of(0x7b, 0xff, 0x7d))],
  ["a header that stops", "E706", file('{"a"')],
  ["a second value after the header", "E706", file("{}{}")],
  ["zeros after the header", "E706", file("{}\0\0")],
  ["a comma too many", "E706", file(`{"a":${tensor()},}`, [1])],
  ["a comma too few", "E706", file('{"a":{"dtype":"U8" "shape":[]}}')],
  ["a comment", "E706", file("{/* */}")],
  ["a control character in a name", "E706", file('{"a\nb":{}}')],
  ["an unknown escape", "E706", file('{"\\x41":{}}')],
  ["a short escape", "E706", file('{"\\u00e":{}}')],
  ["single quotes", "E706", file("{'a':{}}")],
  ["a tensor that is a list", "E706", file('{"a":[]}')],
  ["a tensor that is null", "E706", file('{"a":null}')],
  ["a shape that is a number", "E706", file(`{"a":${tensor({ shape: "1" })}}`, [1])],
  ["a shape of texts", "E706", file(`{"a":${tensor({ shape: '["1"]' })}}`, [1])],
  ["nesting in a shape", "E706", file(`{"a":${tensor({ shape: "[[1]]" })}}`, [1])],
  ["nesting of two million", "E706", file(`{"a":${"[".repeat(2_000_000)}`)],
  ["nesting of a million in place of a dtype", "E706", file(`{"a":${'{"dtype":'.repeat(1_000_000)}`)],
  ["metadata with a number", "E706", file('{"__metadata__":{"epoch":1}}')],
  ["metadata with a record", "E706", file('{"__metadata__":{"a":{"b":"c"}}}')],
  ["metadata that are null", "E706", file('{"__metadata__":null}')],
  ["two tensors of one name", "E707", file(`{"a":${tensor()},"a":${tensor({ offsets: "[1,2]" })}}`, [1, 2])],
  [
    "two names that are equal once read",
    "E707",
    file(`{"a":${tensor()},"\\u0061":${tensor({ offsets: "[1,2]" })}}`, [1, 2]),
  ],
  ["metadata twice", "E707", file('{"__metadata__":{},"__metadata__":{}}')],
  ["a key of the metadata twice", "E707", file('{"__metadata__":{"a":"1","a":"2"}}')],
  ["a dtype twice", "E707", file('{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}', [1])],
  ["a tensor without dtype", "E708", file('{"a":{"shape":[1],"data_offsets":[0,1]}}', [1])],
  ["a tensor without shape", "E708", file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', [1])],
  ["a tensor without place", "E708", file('{"a":{"dtype":"U8","shape":[1]}}', [1])],
  ["an unknown field", "E708", file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"code":"x"}}', [1])],
  ["one offset", "E708", file(`{"a":${tensor({ offsets: "[0]" })}}`, [1])],
  ["three offsets", "E708", file(`{"a":${tensor({ offsets: "[0,1,1]" })}}`, [1])],
  ["an unknown dtype", "E709", file(`{"a":${tensor({ dtype: "C64" })}}`, [1])],
  ["a dtype in lower case", "E709", file(`{"a":${tensor({ dtype: "u8" })}}`, [1])],
  ["a dtype that every object has", "E709", file(`{"a":${tensor({ dtype: "constructor" })}}`, [1])],
  ["a negative size", "E710", file(`{"a":${tensor({ shape: "[-1]" })}}`, [1])],
  ["a fractional size", "E710", file(`{"a":${tensor({ shape: "[1.0]" })}}`, [1])],
  ["a size with an exponent", "E710", file(`{"a":${tensor({ shape: "[1e0]" })}}`, [1])],
  ["a size with a leading zero", "E710", file(`{"a":${tensor({ shape: "[01]" })}}`, [1])],
  ["a size that rounds to 2^53", "E710", file(`{"a":${tensor({ shape: "[9007199254740993]" })}}`, [1])],
  ["an offset of infinity", "E710", file(`{"a":${tensor({ offsets: `[0,1${"0".repeat(400)}]` })}}`, [1])],
  ["half of a surrogate pair", "E711", file(`{"\\ud83d":${tensor()}}`, [1])],
  ["sizes whose product overflows 2^32", "E716", file(`{"a":${tensor({ shape: "[65536,65536]", offsets: "[0,0]" })}}`)],
  [
    "sizes whose product overflows 2^53",
    "E715",
    file(`{"a":${tensor({ shape: "[4294967296,4294967296]", offsets: "[0,0]" })}}`),
  ],
  [
    "sizes that overflow before a zero",
    "E715",
    file(`{"a":${tensor({ shape: "[9007199254740991,9007199254740991,0]", offsets: "[0,0]" })}}`),
  ],
  ["too few bytes for the shape", "E716", file(`{"a":${tensor({ shape: "[2]" })}}`, [1])],
  ["too many bytes for the dtype", "E716", file(`{"a":${tensor({ offsets: "[0,2]" })}}`, [1, 2])],
  ["a tensor that ends before it begins", "E717", file(`{"a":${tensor({ offsets: "[1,0]" })}}`, [1])],
  ["a tensor that ends after the file", "E717", file(`{"a":${tensor()}}`)],
  [
    "a tensor without elements after the end",
    "E719",
    file(`{"a":${tensor({ shape: "[0]", offsets: "[0,0]" })},"b":${tensor({ shape: "[0]", offsets: "[1,1]" })}}`, [1]),
  ],
  ["two tensors in the same bytes", "E718", file(`{"a":${tensor()},"b":${tensor()}}`, [1])],
  [
    "two tensors that overlap in part",
    "E718",
    file(
      `{"a":${tensor({ shape: "[2]", offsets: "[0,2]" })},"b":${tensor({ shape: "[2]", offsets: "[1,3]" })}}`,
      [1, 2, 3],
    ),
  ],
  ["a hole before the first tensor", "E719", file(`{"a":${tensor({ offsets: "[1,2]" })}}`, [1, 2])],
  ["a hole between two tensors", "E719", file(`{"a":${tensor()},"b":${tensor({ offsets: "[2,3]" })}}`, [1, 2, 3])],
  ["bytes after the last tensor", "E719", file(`{"a":${tensor()}}`, [1, 2])],
  ["bytes and no tensor", "E719", file("{}", [1])],
];

test.each(faults)("%s is refused with %s", (_claim, code, bytes) => {
  const fault = faultOf(bytes);
  expect(fault.code).toBe(code);
  expect(fault.name).toBe(code === "E715" ? "LimitError" : "FormatError");
  expect(fault.offset).toBeLessThanOrEqual(bytes.length);
  expect(fault.message.length).toBeLessThan(600);
});

test("the offset of a fault is that of the byte, whatever the bytes before it", () => {
  const header = `{"é":${tensor({ dtype: "X" })}}`;
  expect(faultOf(file(header, [1])).offset).toBe(8 + new TextEncoder().encode('{"é":{').length);
});

test("a limit admits its own figure and refuses one more", () => {
  const two = file(
    `{"ab":${tensor({ shape: "[1,1]" })},"cd":${tensor({ shape: "[1,3]", offsets: "[1,4]" })}}`,
    [1, 2, 3, 4],
  );
  const exact = { headerBytes: two.length - 8 - 4, tensors: 2, nameBytes: 2, rank: 2, elements: 3 };
  expect(parseSafetensors(two, exact).tensors.size).toBe(2);
  const codes = { headerBytes: "E703", tensors: "E713", nameBytes: "E712", rank: "E714", elements: "E715" };
  for (const [limit, code] of Object.entries(codes)) {
    const fault = faultOf(two, { ...exact, [limit]: exact[limit as keyof typeof exact] - 1 });
    expect([fault.name, fault.code]).toEqual(["LimitError", code]);
    expect(fault.fix).toContain(`limits.${limit}`);
  }
});

test("the default limits are 16 MiB of header, 100,000 tensors, names of 1 KiB and rank 8", () => {
  const named = (name: string) => file(`{"${name}":${tensor()}}`, [1]);
  expect(parseSafetensors(named("n".repeat(1024))).tensors.size).toBe(1);
  expect(faultOf(named("n".repeat(1025))).code).toBe("E712");
  expect(faultOf(named("層".repeat(342))).code).toBe("E712"); // 1,026 bytes
  expect(parseSafetensors(file(`{"a":${tensor({ shape: "[1,1,1,1,1,1,1,1]" })}}`, [1])).tensors.size).toBe(1);
  expect(faultOf(file(`{"a":${tensor({ shape: "[1,1,1,1,1,1,1,1,1]" })}}`, [1])).code).toBe("E714");

  const empty = (count: number) =>
    file(`{${Array.from({ length: count }, (_, i) => `"${i}":${tensor({ shape: "[0]", offsets: "[0,0]" })}`)}}`);
  expect(parseSafetensors(empty(100_000)).tensors.size).toBe(100_000);
  expect(faultOf(empty(100_001)).code).toBe("E713");

  const padded = new Uint8Array(8 + 16 * 2 ** 20 + 1).fill(0x20);
  padded.set(file("{}"));
  const lengthOf = new DataView(padded.buffer);
  lengthOf.setBigUint64(0, BigInt(16 * 2 ** 20), true);
  expect(parseSafetensors(padded.subarray(0, -1)).tensors.size).toBe(0);
  lengthOf.setBigUint64(0, BigInt(16 * 2 ** 20 + 1), true);
  expect(faultOf(padded).code).toBe("E703");
});

const dataFolder = process.env.TENON_DATA;

test.runIf(dataFolder)("a trained PyTorch model is read", () => {
  const { tensors } = parseSafetensors(readFileSync(`${dataFolder}/weights-mnist-cnn/mnist.safetensors`));
  expect(tensors.size).toBe(20);
  expect(tensors.get("fc1.weight")).toMatchObject({ dtype: "F32", shape: [32, 11616] });
  const scalars = [...tensors]
    .filter(([, { shape }]) => shape.length === 0)
    .map(([name, { dtype }]) => `${name} ${dtype}`);
  expect(scalars).toEqual(["norm1.num_batches_tracked I64", "norm2.num_batches_tracked I64"]);
});

import { expect, test } from "vitest";
import {
  dtypeBytes,
  parseSafetensors,
  type SafetensorsDType,
  type SafetensorsTensor,
  serializeSafetensors,
} from "./index.ts";

function tensorOf(dtype: SafetensorsDType, shape: readonly number[], ...bytes: number[]): SafetensorsTensor {
  return { dtype, shape, bytes: Uint8Array.from(bytes) };
}

test("the bytes are those of the reference implementation", () => {
  // safetensors.numpy.save of safetensors 0.8.0 for Python, with the tensors in another order
  const reference =
    "a8010000000000007b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2261223a7b226474797065223a22493634222c22736861" +
    "7065223a5b315d2c22646174615f6f666673657473223a5b302c385d7d2c2262223a7b226474797065223a22463332222c227368617065223a" +
    "5b325d2c22646174615f6f666673657473223a5b382c31365d7d2c22ee8080223a7b226474797065223a22463332222c227368617065223a5b" +
    "5d2c22646174615f6f666673657473223a5b31362c32305d7d2c22f09f9880223a7b226474797065223a22463332222c227368617065223a5b" +
    "302c335d2c22646174615f6f666673657473223a5b32302c32305d7d2c2268223a7b226474797065223a22463136222c227368617065223a5b" +
    "315d2c22646174615f6f666673657473223a5b32302c32325d7d2c227538223a7b226474797065223a225538222c227368617065223a5b335d" +
    "2c22646174615f6f666673657473223a5b32322c32355d7d2c22715c225c6e223a7b226474797065223a22424f4f4c222c227368617065223a" +
    "5b315d2c22646174615f6f666673657473223a5b32352c32365d7d7d202020202003000000000000000000803f000000400000e040003c0102" +
    "0301";
  const tensors: readonly [string, SafetensorsTensor][] = [
    ['q"\n', tensorOf("BOOL", [1], 1)],
    ["\u{1f600}", tensorOf("F32", [0, 3])],
    ["\ue000", tensorOf("F32", [], 0, 0, 0xe0, 0x40)],
    ["b", tensorOf("F32", [2], 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)],
    ["u8", tensorOf("U8", [3], 1, 2, 3)],
    ["h", tensorOf("F16", [1], 0, 0x3c)],
    ["a", tensorOf("I64", [1], 3, 0, 0, 0, 0, 0, 0, 0)],
  ];
  expect(Buffer.from(serializeSafetensors(tensors, [["k", "v"]])).toString("hex")).toBe(reference);
});

test("neither the order of tensors nor that of metadata changes the bytes", () => {
  const tensors: [string, SafetensorsTensor][] = [
    ["b", tensorOf("U8", [], 1)],
    ["a", tensorOf("I16", [], 1, 0)],
    ["ab", tensorOf("U8", [], 3)],
  ];
  const metadata: [string, string][] = [
    ["z", "1"],
    ["y", "2"],
  ];
  expect(serializeSafetensors(tensors.toReversed(), metadata.toReversed())).toEqual(
    serializeSafetensors(tensors, metadata),
  );
});

test("what is written is read back, every dtype, and written again to the same bytes", () => {
  const tensors = Object.entries(dtypeBytes).map(([dtype, size], i): [string, SafetensorsTensor] => [
    `layers.${i}`,
    tensorOf(dtype as SafetensorsDType, [2, 1], ...Array.from({ length: 2 * size }, (_, j) => i + j)),
  ]);
  const bytes = serializeSafetensors(tensors, new Map([["__proto__", '\u2028 \u0000 " 😀']]));
  const parsed = parseSafetensors(bytes);
  expect(new Map(parsed.tensors)).toEqual(new Map(tensors));
  expect(parsed.metadata.get("__proto__")).toBe('\u2028 \u0000 " 😀');
  expect(serializeSafetensors(parsed.tensors, parsed.metadata)).toEqual(bytes);
});

test("every tensor is aligned to its element size", () => {
  const tensors: [string, SafetensorsTensor][] = [
    ["a", tensorOf("U8", [], 1)],
    ["b", tensorOf("F64", [], 1, 2, 3, 4, 5, 6, 7, 8)],
    ["c", tensorOf("F16", [], 1, 2)],
  ];
  for (const [, { dtype, bytes }] of parseSafetensors(serializeSafetensors(tensors)).tensors) {
    expect(bytes.byteOffset % dtypeBytes[dtype]).toBe(0);
  }
});

test("the writer refuses what the reader would", () => {
  const one = tensorOf("U8", [1], 1);
  const refused: readonly [string, Iterable<readonly [string, SafetensorsTensor]>][] = [
    [
      "E707",
      [
        ["a", one],
        ["a", one],
      ],
    ],
    ["E709", [["a", { ...one, dtype: "U4" as "U8" }]]],
    ["E710", [["a", { ...one, shape: [0.5] }]]],
    ["E710", [["a", { ...one, shape: [-1] }]]],
    ["E711", [["__metadata__", one]]],
    ["E711", [["\ud800", one]]],
    ["E712", [["n".repeat(1025), one]]],
    ["E714", [["a", { ...one, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }]]],
    ["E715", [["a", { ...one, shape: [2 ** 41] }]]],
    ["E716", [["a", { ...one, shape: [2] }]]],
  ];
  for (const [code, tensors] of refused)
    expect(() => serializeSafetensors(tensors), code).toThrow(expect.objectContaining({ code }));
  expect(() => serializeSafetensors([], [["a", 1 as never]])).toThrow(expect.objectContaining({ code: "E711" }));
  expect(() =>
    serializeSafetensors(
      [],
      [
        ["a", ""],
        ["a", ""],
      ],
    ),
  ).toThrow(expect.objectContaining({ code: "E707" }));
  expect(() => serializeSafetensors([["a", { ...one, shape: [2] }]])).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E716 safetensors: U8 [2] takes 2 bytes but the tensor has 1.
      tensor: "a"
      fix: correct dtype, shape or bytes so that they agree.]
  `);
});

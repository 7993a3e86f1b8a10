import { expect, test } from "vitest";
import { moduleFromBinary, moduleToBinary } from "./binary.ts";
import { FormatError, LimitError } from "./errors.ts";
import { example, fuzzBinary, odd, trainingStep } from "./forms.test-kit.ts";
import { type Module, noTables } from "./index.ts";
import type { Limits } from "./limits.ts";
import { parseModule } from "./text.ts";

const small = moduleToBinary(
  parseModule(`ir 1.0
opset acme@2, core@1
sym B in 1..64
fn @f(%x: f32[B,4] alias 0) -> (f32[B,4]) {
  %y = reduce %x {op=sum, axes=[1]} : f32[B] in "a.b"
  %z = composite acme.op@2 %x {a=0.5, b=(B+1), c={d=[x"00"]}, decomp=@f} : f32[B,4]
  return %z
}
entry f = @f
state "w": f32[B,4] = f 0 -> 0 role parameter owner "acme"
`),
);

function problem(bytes: Uint8Array, limits: Partial<Limits> = {}): string {
  try {
    moduleFromBinary(bytes, { limits });
    return "it was read";
  } catch (error) {
    return `${(error as Error).name} ${(error as Error).message}`;
  }
}

/** Where each section of bytes lies: the place of its id, of its content, and its end. */
function sectionsOf(
  bytes: Uint8Array,
): Map<number, { readonly at: number; readonly content: number; readonly end: number }> {
  const found = new Map<number, { at: number; content: number; end: number }>();
  for (let at = 6; at < bytes.length; ) {
    const length = bytes[at + 2]!;
    if (length >= 128) throw new Error("the section is too long for this test");
    found.set(bytes[at]!, { at, content: at + 3, end: at + 3 + length });
    at += 3 + length;
  }
  return found;
}

/** The small file with another content of a section. */
function withSection(id: number, change: (content: number[]) => readonly number[]): Uint8Array {
  const { at, content, end } = sectionsOf(small).get(id)!;
  const changed = change([...small.subarray(content, end)]);
  return Uint8Array.of(
    ...small.subarray(0, at),
    id,
    small[at + 1]!,
    changed.length,
    ...changed,
    ...small.subarray(end),
  );
}

const replaced = (id: number, index: number, value: number): Uint8Array =>
  withSection(id, (content) => content.with(index, value));

test("10,000 ops of a training step take at most 80 KB", () => {
  const module = trainingStep(132);
  const ops = module.functions.reduce((n, fn) => n + fn.ops.length, 0);
  expect(ops).toBeGreaterThanOrEqual(10_000);
  expect(moduleToBinary({ ...module, tables: noTables }).length / ops).toBeLessThan(5);
  expect(moduleToBinary(module).length).toBeLessThanOrEqual(80_000);
});

test("bytes that are cut off anywhere, or go on, are refused with the place", () => {
  for (const module of [example(), odd()]) {
    const bytes = moduleToBinary(module);
    for (let length = 0; length < bytes.length; length++) {
      // without its last section, the side tables, the file is whole
      if (length === bytes.length - tablesLength(module)) continue;
      expect(problem(bytes.subarray(0, length)), `${length} bytes`).toMatch(
        /^FormatError E13\d binary: [^\n]*\.\n {2}at: byte \d+/,
      );
    }
    for (const more of [[0], [32, 1, 0], [33], [200]])
      expect(() => moduleFromBinary(Uint8Array.of(...bytes, ...more))).toThrow(FormatError);
  }
});

const tablesLength = (module: Module): number =>
  moduleToBinary(module).length - moduleToBinary({ ...module, tables: noTables }).length;

test("errors of bytes name the place", () => {
  const { at, end } = sectionsOf(small).get(2)!;
  const flags = sectionsOf(small).get(1)!.at + 1;
  expect([
    problem(new Uint8Array(0)),
    problem(small.with(3, 0)),
    problem(small.with(4, 2)),
    problem(Uint8Array.of(...small.subarray(0, 4), 0x81, 0, ...small.subarray(5))),
    problem(Uint8Array.of(...small.subarray(0, 4), ...new Uint8Array(9).fill(255))),
    problem(Uint8Array.of(...small.subarray(0, 4), ...new Uint8Array(7).fill(255), 127)),
    problem(small.with(flags, 1)),
    problem(small.with(flags, 2)),
    problem(Uint8Array.of(...small, 40, 0, 0)),
    problem(Uint8Array.of(...small, 40, 1, 0)),
    problem(Uint8Array.of(...small.subarray(0, at), ...small.subarray(end))),
    problem(Uint8Array.of(...small.subarray(0, end), ...small.subarray(at))),
    problem(withSection(1, (content) => content.with(0, 127))),
    problem(withSection(1, (content) => content.with(2, 255))),
    problem(withSection(1, (content) => [...content.with(0, content[0]! + 1), 4, 97, 99, 109, 101])),
    problem(withSection(1, (content) => [...content.with(0, content[0]! + 1), 1, 120])),
    problem(withSection(1, (content) => [...content, 0])),
    problem(replaced(2, 1, 1)),
    problem(replaced(2, 1, 100)),
    problem(replaced(2, 3, 0)),
    problem(replaced(3, 3, 0)),
    problem(replaced(4, 1, 0)),
    problem(replaced(5, 1, 13)),
    problem(replaced(5, 2, 9)),
    problem(replaced(7, 3, 11)),
    problem(replaced(8, 4, 2)),
    problem(replaced(9, 1, 1)),
    problem(replaced(9, 5, 0)),
    problem(replaced(9, 5, 2)),
    problem(replaced(10, 2, 1)),
    problem(replaced(32, 2, 98)),
    problem(withSection(32, () => [0, 0, 0, 0])),
  ]).toMatchInlineSnapshot(`
    [
      "FormatError E132 binary: the bytes end too early.
      at: byte 0",
      "FormatError E130 binary: the bytes do not begin with TNIR.
      at: byte 0",
      "FormatError E131 binary: the file is ir 2.0, this reader has ir 1.0.
      at: byte 4
      fix: upgrade the package, or export again for its version.",
      "FormatError E133 binary: the number is written with more bytes than it needs.
      at: byte 4",
      "FormatError E133 binary: the number is above 2^53 − 1.
      at: byte 4",
      "FormatError E133 binary: the number is above 2^53 − 1.
      at: byte 4",
      "FormatError E136 binary: section 1 has the flags 1.
      at: byte 6",
      "FormatError E136 binary: section 1 has the flags 2.
      at: byte 6",
      "FormatError E131 binary: section 40 is unknown; the file is ir 1.0, this reader has ir 1.0.
      at: byte 248
      fix: upgrade the package, or export again for its version.",
      "it was read",
      "FormatError E132 binary: the section opsets is missing.
      at: byte 240",
      "FormatError E136 binary: section 2 follows section 2.
      at: byte 95",
      "FormatError E132 binary: 127 entries do not fit into the 77 bytes left.
      at: byte 9",
      "FormatError E134 binary: the text is not UTF-8.
      at: byte 10",
      "FormatError E136 binary: the entry is listed twice.
      at: byte 87",
      "FormatError E136 binary: string 18 is never used.
      at: byte 221",
      "FormatError E137 binary: 1 bytes follow the section strings.
      at: byte 87",
      "FormatError E136 binary: string 1 is used before string 0.
      at: byte 91",
      "FormatError E135 binary: there is no string 100, only 18.
      at: byte 91",
      "FormatError E136 binary: the entry is listed twice.
      at: byte 93",
      "FormatError E134 binary: B in 1..0 mult 1 is no range of sizes.
      at: byte 99
      fix: use integers with 0 <= min <= max <= 2147483647 and a multiple of at least 1.",
      "FormatError E135 binary: there is no size acme.
      at: byte 107",
      "FormatError E135 binary: there is no dtype 13.
      at: byte 113",
      "FormatError E132 binary: 9 entries do not fit into the 7 bytes left.
      at: byte 114",
      "FormatError E135 binary: there is no value of tag 11.
      at: byte 133",
      "FormatError E135 binary: there is no function 1, only 1.
      at: byte 174",
      "FormatError E136 binary: type 1 is used before type 0.
      at: byte 187",
      "FormatError E135 binary: there is no value 0 back, only 1.
      at: byte 191",
      "FormatError E135 binary: there is no value 2 back, only 1.
      at: byte 191",
      "FormatError E135 binary: there is no function 1, only 1.
      at: byte 204",
      "it was read",
      "FormatError E136 binary: empty side tables are not written.
      at: byte 226",
    ]
  `);
});

test("an optional section of a later version is skipped", () => {
  const longer = Uint8Array.of(...small, 40, 1, 3, 1, 2, 3);
  expect(moduleToBinary(moduleFromBinary(longer))).toEqual(small);
});

test("limits of bytes are errors that name the limit", () => {
  expect([
    problem(small, { fileBytes: 10 }),
    problem(small, { ops: 1 }),
    problem(small, { functions: 0 }),
    problem(small, { operands: 0 }),
    problem(small, { arguments: 0 }),
    problem(small, { rank: 1 }),
    problem(small, { listLength: 0 }),
    problem(small, { attrDepth: 1 }),
    problem(small, { stringBytes: 2 }),
    problem(small, { constantBytes: 0 }),
  ]).toMatchInlineSnapshot(`
    [
      "LimitError E150 binary: 248 bytes are more than 10.
      fix: raise limits.fileBytes if you trust the source.",
      "LimitError E150 binary: 2 ops are more than 1.
      at: byte 186
      fix: raise limits.ops if you trust the source.",
      "LimitError E150 binary: 1 functions are more than 0.
      at: byte 125
      fix: raise limits.functions if you trust the source.",
      "LimitError E150 binary: 1 operands or results of one op are more than 0.
      at: byte 170
      fix: raise limits.operands if you trust the source.",
      "LimitError E150 binary: 1 inputs or results of one function are more than 0.
      at: byte 186
      fix: raise limits.arguments if you trust the source.",
      "LimitError E150 binary: 2 axes are more than 1.
      at: byte 113
      fix: raise limits.rank if you trust the source.",
      "LimitError E150 binary: 1 entries of one list are more than 0.
      at: byte 136
      fix: raise limits.listLength if you trust the source.",
      "LimitError E150 binary: 2 lists inside one another are more than 1.
      at: byte 163
      fix: raise limits.attrDepth if you trust the source.",
      "LimitError E150 binary: 4 bytes of one string are more than 2.
      at: byte 10
      fix: raise limits.stringBytes if you trust the source.",
      "LimitError E150 binary: 1 bytes of constants are more than 0.
      at: byte 163
      fix: raise limits.constantBytes if you trust the source.",
    ]
  `);
  expect(problem(small)).toBe("it was read");
});

test("a module that cannot be read back is not written", () => {
  const module = example();
  const fn = module.functions[0]!;
  const changed = (change: object): Module => ({
    ...module,
    functions: [{ ...fn, ...change }, ...module.functions.slice(1)],
  });
  for (const wrong of [
    changed({ results: [99, 0] }),
    changed({ ops: [{ ...fn.ops[1]!, operands: [5, 6] }] }),
    changed({ name: "\ud800" }),
    { ...module, entries: new Map([["f", "nowhere"]]) },
  ]) {
    expect(() => moduleToBinary(wrong)).toThrow(FormatError);
  }
});

test("damaged bytes are refused, or are the one form of another module", () => {
  const { refused, read } = fuzzBinary([small, moduleToBinary(example()), moduleToBinary(odd())], 20_000, 1);
  expect(refused + read).toBe(20_000);
  expect(read).toBeGreaterThan(100);
  expect(() => moduleFromBinary(small, { limits: { ops: 0 } })).toThrow(LimitError);
}, 120_000);

import { TenonError } from "@tenon/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCsv } from "./index.ts";

const pets = `name,weight,legs,kind
Mia,4.5,4,cat
"Rex, the ""great""",30,4,dog
 Tweety , .02 ,2,bird

Tom,5e0,4,cat
`;

test("the first field of a column decides its type", () => {
  const { columns, size } = readCsv(pets, { columns: { name: "skip" } });
  expect(size).toBe(4);
  expect(Object.keys(columns)).toEqual(["weight", "legs", "kind"]);
  expect(columns.weight!.data).toEqual(Float32Array.of(4.5, 30, 0.02, 5));
  expect(columns.legs!.data).toEqual(Int32Array.of(4, 4, 2, 4));
  expect(columns.kind).toMatchObject({ dtype: "int32", classes: ["bird", "cat", "dog"] });
  expect(columns.kind!.data).toEqual(Int32Array.of(1, 2, 0, 1));
  expect(readCsv(pets).columns.name!.classes).toEqual(["Mia", 'Rex, the "great"', "Tom", "Tweety"]);
});

test("with a target the other columns become features, each class one of its own", () => {
  const data = readCsv(pets, { target: "kind", columns: { name: "skip", legs: "class" } });
  expect(data.x).toMatchObject({ shape: [4, 3], features: ["weight", "legs=2", "legs=4"] });
  expect(data.x.data).toEqual(Float32Array.of(4.5, 0, 1, 30, 0, 1, 0.02, 1, 0, 5, 0, 1));
  expect(data.y.classes).toEqual(["bird", "cat", "dog"]);
  expect(readCsv(pets, { target: "weight", columns: { name: "skip" } }).y.shape).toEqual([4, 1]);
  expect(readCsv(pets, { target: "legs" }).y.shape).toEqual([4]);
});

test("bytes, byte-order marks, other delimiters, Windows lines and texts without a header are read", () => {
  const bytes = new TextEncoder().encode("\ufeffa;ü\r\n1;2\r\n3;4\r\n");
  expect(readCsv(bytes, { delimiter: ";" }).columns.ü!.data).toEqual(Int32Array.of(2, 4));
  expect(Object.keys(readCsv("\ufeffa\n1").columns)).toEqual(["a"]);
  expect(Object.keys(readCsv("1,2\n3,4", { header: false }).columns)).toEqual(["column1", "column2"]);
  expect(readCsv("1,2\n3,4", { header: ["u", "v"] }).columns.v!.data).toEqual(Int32Array.of(2, 4));
  expect(readCsv("a,b\n").size).toBe(0);
});

test("classes that are numbers are in the order of numbers", () => {
  expect(readCsv("c\n10\n9\n-1\n9", { columns: { c: "class" } }).columns.c!.classes).toEqual(["-1", "9", "10"]);
});

test("a missing number is an error with its row and line, or NaN where that is asked for", () => {
  const text = 'a,b\n1,"two\nlines"\n,x\n';
  expect(() => readCsv(text)).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E774 csv: "" in column a of row 2 is no number.
      at: line 4
      fix: for a missing number: missing: [""], and a float for the column.]
  `);
  expect(readCsv(text, { missing: [""] }).columns.a!.data).toEqual(Float32Array.of(1, Number.NaN));
  expect(() => readCsv(text, { missing: [""], columns: { a: "int32" } })).toThrow(/no whole number of int32/);
});

test("a field of another kind is an error with its row and line", () => {
  expect(() => readCsv("age,b\n31,1\n0x1F,2\n")).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E774 csv: "0x1F" in column age of row 2 is no number.
      at: line 3
      fix: correct the field, or read the column as classes: columns: { "age": "class" }.]
  `);
  for (const [
    text,
    type,
  ] of [["1e40", "float32"], ["1.5", "int32"], ["2147483648", "int32"], ["Infinity", "float64"], ["1e999", "float64"]] as const) // biome-ignore format: cases
    expect(() => readCsv(`a\n1\n${text}\n`, { columns: { a: type } })).toThrow(/E774 csv: .* in column a of row 2 is/);
});

test("texts that break the rules are refused with their line", () => {
  expect(() => readCsv("a,b\n1,2\n3\n")).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E773 csv: row 2 has 1 field where there are 2 columns.
      at: line 3
      fix: give every row as many fields.]
  `);
  expect(() => readCsv('a,b\n1,2\n"3,4\n5,6\n')).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E773 csv: a quote that opens in row 2 is never closed.
      at: line 4
      fix: put the whole field in quotes, and write a quote within it twice.]
  `);
  expect(() => readCsv('a,b\n1,"2"x\n')).toThrow(/E773 csv: something follows the closing quote of a field in row 1/);
  expect(() => readCsv('a,b\n1,2"x\n')).toThrow(/E773 csv: a quote stands within a field of row 1/);
  expect(() => readCsv("")).toThrow(/the text has no row/);
  expect(() => readCsv(Uint8Array.of(0x61, 0x0a, 0xff))).toThrow(/the bytes are not UTF-8/);
  expect(() => readCsv(5 as never)).toThrow(/the text is 5/);
});

test("columns have names, each its own, and none that reaches a prototype", () => {
  for (const header of ["a,a", "a,", "a,__proto__"]) expect(() => readCsv(`${header}\n1,2\n`)).toThrow(/E772/);
  const { columns } = readCsv("constructor,toString\n1,2\n");
  expect(columns["constructor" as string]!.data).toEqual(Int32Array.of(1));
  expect(Object.getPrototypeOf(columns)).toBeNull();
});

test("a typo in a name or option suggests the right one", () => {
  expect(() => readCsv(pets, { target: "knid" })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E770 csv: there is no column "knid".
      fix: did you mean kind?]
  `);
  expect(() => readCsv(pets, { columns: { lags: "int32" } })).toThrow(/did you mean legs\?/);
  expect(() => readCsv(pets, { columns: { legs: "int" as never } })).toThrow(/the type of legs is "int"/);
  expect(() => readCsv(pets, { delimeter: ";" } as never)).toThrow(/did you mean delimiter\?/);
  expect(() => readCsv(pets, { delimiter: "" })).toThrow(/use one character/);
  expect(() => readCsv(pets, { target: "kind", columns: { kind: "skip" } })).toThrow(/the target "kind" is skipped/);
});

test("a text beyond the limits is refused", () => {
  expect(() => readCsv(pets, { limits: { length: 20 } })).toThrow(
    /E775 csv: the text has a length of \d+ but the limit is 20/,
  );
  expect(() => readCsv(pets, { limits: { rows: 2 } })).toThrow(/more than 2 rows/);
  expect(() => readCsv(pets, { limits: { columns: 3 } })).toThrow(/has 4 columns but the limit is 3/);
  expect(() => readCsv(pets, { target: "kind", limits: { columns: 5 } })).toThrow(
    /skip name, which has the most classes/,
  );
  expect(readCsv(pets, { limits: { rows: 4, columns: 4 } }).size).toBe(4);
});

test("any text is read or refused with a typed error", () => {
  const piece = fc.constantFrom("a", "1", "-2.5", ",", '"', "\n", "\r\n", " ", "__proto__", ";", "é", "\0");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        const { columns, size } = readCsv(pieces.join(""));
        for (const name of Object.keys(columns)) expect(columns[name]!.size).toBe(size);
      } catch (error) {
        expect(error).toBeInstanceOf(TenonError);
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});

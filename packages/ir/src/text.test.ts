import { expect, test } from "vitest";
import { fuzzText, oddText } from "./forms.test-kit.ts";
import type { Limits } from "./limits.ts";
import { parseModule, printModule } from "./text.ts";

/** The whole error that a text raises. */
function problem(text: string, limits: Partial<Limits> = {}): string {
  try {
    parseModule(text, { limits });
    return "it was read";
  } catch (error) {
    return `${(error as Error).name} ${(error as Error).message}`;
  }
}

/** A module of one function around a line. */
const around = (line: string): string =>
  `ir 1.0\nsym B in 1..64\nfn @f(%x: f32[B,4]) -> (f32[B,4]) {\n  ${line}\n  return %x\n}\n`;

test("errors of a text name line and column", () => {
  expect(
    [
      "",
      "ir 1",
      "ir 1.0\nfunction @f",
      "ir 1.0\nopset core@1, core@1",
      "ir 1.0\nopset core 1",
      "ir 1.0\nsym B in 9..1",
      "ir 1.0\nsym max in 1..9",
      "ir 1.0\nsym B in 1..9\nsym B in 1..9",
      "ir 1.0\nentry step = @stepp\nfn @step() -> () {\n  return\n}",
      'ir 1.0\nentry a = @f\nweight w: f32[2] = a 0 sha256 "" blob ""',
      "ir 1.0\nfn @f() -> () {\n  return\n}\nfn @f() -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[2]) -> (f32[3]) {\n  return %x\n}",
      "ir 1.0\nfn @f(%x: float[2]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[2) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[C]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[2+]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[-1]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[1,2,3,4,5,6,7,8,9]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[2], %x: f32[2]) -> () {\n  return\n}",
      "ir 1.0\nfn @f(%x: f32[99999999999999999999]) -> () {\n  return\n}",
      around("%y = neg %z : f32[B,4]"),
      around("%y = neg %y : f32[B,4]"),
      around("%x = neg %x : f32[B,4]"),
      around("%7 = neg %x : f32[B,4]"),
      around("%y, %z = neg %x : f32[B,4]"),
      around("%y = nn.relu %x : f32[B,4]"),
      around("%y = composite nn.relu %x : f32[B,4]"),
      around("%y = composite neg@1 %x : f32[B,4]"),
      around("%y = neg 1.5 : f32[B,4]"),
      around("%y = constant 1e39 : f32[B,4]"),
      around("%y = constant [1, 2, 300] : u8[3]"),
      around('%y = constant x"0g" : u8[1]'),
      around("%y = constant 1.0 {shape=[2]} : f32[2]"),
      around("%y = constant 1.0 {value=2} : f32[2]"),
      around("%y = reduce %x {op=sum, op=max} : f32[]"),
      around("%y = reduce %x {__proto__=1} : f32[]"),
      around("%y = reduce %x {op=sum : f32[]"),
      around('%y = reduce %x {op="sum} : f32[]'),
      around('%y = dim {expr="B/2"} : i32[]'),
      around("%y = call %x {fn=@g} : f32[B,4]"),
      around("%y = neg %x : f32[B,4] in encoder"),
      around("y = neg %x : f32[B,4]"),
    ].map((text) => problem(text)),
  ).toMatchInlineSnapshot(`
    [
      "FormatError E110 text: expected ir and a version, such as ir 1.0, found the end.
      at: line 1, column 1",
      "FormatError E110 text: expected ., found the end.
      at: line 1, column 5",
      "FormatError E110 text: expected opset, sym, fn, entry, weight or state, found "function".
      at: line 2, column 1",
      "FormatError E112 text: the op set core is declared twice.
      at: line 2, column 15",
      "FormatError E110 text: expected @, found "1".
      at: line 2, column 12",
      "FormatError E113 text: B in 9..1 mult 1 is no range of sizes.
      at: line 2, column 5
      fix: use integers with 0 <= min <= max <= 2147483647 and a multiple of at least 1.",
      "FormatError E113 text: "max" cannot name a size.
      at: line 2, column 5
      fix: use letters, digits and _, beginning with a letter.",
      "FormatError E112 text: the size B is declared twice.
      at: line 3, column 5",
      "FormatError E111 text: there is no function @stepp.
      at: line 2, column 14
      fix: did you mean step?",
      "FormatError E110 text: expected a name in quotes, found "w:".
      at: line 3, column 8",
      "FormatError E112 text: the function @f is declared twice.
      at: line 5, column 4",
      "FormatError E115 text: @f does not return the types that it declares.
      at: line 3, column 10",
      "FormatError E113 text: float is no dtype.
      at: line 2, column 11",
      "FormatError E110 text: [ is not closed.
      at: line 2, column 14",
      "FormatError E111 text: there is no size C.
      at: line 2, column 17
      fix: declare it: sym C in 1..65536.",
      "FormatError E113 text: the expression ends too early in "2+".
      at: line 2, column 15",
      "FormatError E113 text: -1 is no size.
      at: line 2, column 15
      fix: sizes are whole numbers from 0.",
      "LimitError E150 text: 9 axes are more than 8.
      at: line 2, column 15
      fix: raise limits.rank if you trust the source.",
      "FormatError E112 text: the value %x is defined twice.
      at: line 2, column 19",
      "FormatError E113 text: 99999999999999999999 is no exact integer in "99999999999999999999".
      at: line 2, column 15",
      "FormatError E111 text: there is no value %z yet.
      at: line 4, column 12
      fix: did you mean x?",
      "FormatError E111 text: there is no value %y yet.
      at: line 4, column 12
      fix: did you mean x?",
      "FormatError E112 text: the value %x is defined twice.
      at: line 4, column 3",
      "FormatError E110 text: the next value is %1, not %7.
      at: line 4, column 3
      fix: number values in order, or give them names.",
      "FormatError E110 text: neg has 1 result types for 2 names.
      at: line 4, column 3",
      "FormatError E110 text: nn.relu is written composite nn.relu@version.
      at: line 4, column 8",
      "FormatError E110 text: expected @ and a version, found "%x".
      at: line 4, column 26",
      "FormatError E110 text: neg has no namespace, so that it is no composite.
      at: line 4, column 8",
      "FormatError E110 text: neg takes no value before its attributes.
      at: line 4, column 8",
      "FormatError E114 text: 1e+39 is not representable in f32.
      at: line 4, column 17",
      "FormatError E114 text: 300 is not representable in u8.
      at: line 4, column 24",
      "FormatError E110 text: the bytes are not pairs of lower-case hexadecimal digits.
      at: line 4, column 17",
      "FormatError E116 text: shape is not written among constant's attributes.
      at: line 4, column 22
      fix: the result type states it.",
      "FormatError E116 text: value is not written among constant's attributes.
      at: line 4, column 22
      fix: write it after constant.",
      "FormatError E112 text: op is given twice.
      at: line 4, column 27",
      "FormatError E116 text: no attribute may be named __proto__.
      at: line 4, column 19",
      "FormatError E110 text: expected }, found ":".
      at: line 4, column 26",
      "FormatError E110 text: a string is not closed.
      at: line 4, column 22",
      "FormatError E113 text: unexpected "/" in "B/2".
      at: line 4, column 18",
      "FormatError E111 text: there is no function @g.
      at: line 4, column 20
      fix: did you mean f?",
      "FormatError E110 text: expected a layer path, found "encoder".
      at: line 4, column 29",
      "FormatError E110 text: expected a value such as %x, found "y".
      at: line 4, column 3",
    ]
  `);
});

test("limits of a text are errors that name the limit", () => {
  const big = around('%y = composite acme.op@1 %x, %x {a=[1,2,3], b=[[[1]]], c="long", decomp=@f} : f32[B,4]');
  expect([
    problem(big, { fileBytes: 10 }),
    problem(big, { ops: 0 }),
    problem(big, { functions: 0 }),
    problem(big, { operands: 1 }),
    problem(big, { arguments: 0 }),
    problem(big, { rank: 1 }),
    problem(big, { listLength: 2 }),
    problem(big, { attrDepth: 1 }),
    problem(big, { stringBytes: 3 }),
  ]).toMatchInlineSnapshot(`
    [
      "LimitError E150 text: 161 bytes are more than 10.
      fix: raise limits.fileBytes if you trust the source.",
      "LimitError E150 text: 1 ops are more than 0.
      at: line 4, column 3
      fix: raise limits.ops if you trust the source.",
      "LimitError E150 text: 1 functions are more than 0.
      at: line 3, column 4
      fix: raise limits.functions if you trust the source.",
      "LimitError E150 text: 2 operands or results of one op are more than 1.
      at: line 4, column 3
      fix: raise limits.operands if you trust the source.",
      "LimitError E150 text: 1 inputs or results of one function are more than 0.
      at: line 3, column 19
      fix: raise limits.arguments if you trust the source.",
      "LimitError E150 text: 2 axes are more than 1.
      at: line 3, column 15
      fix: raise limits.rank if you trust the source.",
      "LimitError E150 text: 3 entries of one list are more than 2.
      at: line 4, column 38
      fix: raise limits.listLength if you trust the source.",
      "LimitError E150 text: 2 lists inside one another are more than 1.
      at: line 4, column 51
      fix: raise limits.attrDepth if you trust the source.",
      "LimitError E150 text: 4 bytes of one string are more than 3.
      at: line 4, column 60
      fix: raise limits.stringBytes if you trust the source.",
    ]
  `);
  expect(problem(big)).toBe("it was read");
});

test("a text may be cut anywhere: it is read or refused with a place", () => {
  const text = around(
    '%y = composite acme.op@1 %x {a=[1,-2.5,(B+1)], "b c"=x"00", decomp=@f} : f32[B,4] in "a.b" // comment',
  );
  for (let length = 0; length < text.length - 1; length++) {
    const part = text.slice(0, length);
    if (/^ir 1\.0\s*(sym B in 1\.\.64?\s*)?$/.test(part)) continue; // complete
    expect(problem(part), part).toMatch(/^FormatError E1\d\d text: [^\n]*\.\n {2}at: line \d+, column \d+/);
  }
});

test("values without a name are numbers, and a name that two values share keeps its place beside the number", () => {
  const text = `ir 1.0
fn @f(%0: f32[2], %1"x": f32[2], %2"x": f32[2], %y: f32[2]) -> (f32[2]) {
  %4 = add %1, %2 : f32[2]
  %5"7" = mul %4, %y : f32[2]
  return %5
}
`;
  expect(printModule(parseModule(text))).toBe(text);
});

test("what is left out takes its default, and axes may count from the end", () => {
  const short = around("%y = reduce %x {op=sum} : f32[]\n  %z = reduce %x {op=sum, axes=[-1]} : f32[B]");
  const long = around(
    "%y = reduce %x {op=sum, axes=[0,1], acc=f32} : f32[]\n  %z = reduce %x {acc=f32, op=sum, axes=[1]} : f32[B]",
  );
  expect(printModule(parseModule(short))).toBe(printModule(parseModule(long)));
  expect(printModule(parseModule(long))).toContain(
    "%y = reduce %x {op=sum} : f32[]\n  %z = reduce %x {op=sum, axes=[1]} : f32[B]\n",
  );
});

test("a damaged text is refused, or is another module", () => {
  const { refused, read } = fuzzText(oddText, 2000, 1, { read: parseModule, write: printModule });
  expect(refused).toBeGreaterThan(100);
  expect(read).toBeGreaterThan(100);
}, 60_000);

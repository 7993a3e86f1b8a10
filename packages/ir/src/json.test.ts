import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { example, fuzzText, odd } from "./forms.test-kit.ts";
import { moduleFromJson, moduleToJson } from "./json.ts";
import type { Limits } from "./limits.ts";
import { parseModule } from "./text.ts";

const small = moduleToJson(
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

function problem(text: string, limits: Partial<Limits> = {}): string {
  try {
    moduleFromJson(text, { limits });
    return "it was read";
  } catch (error) {
    return `${(error as Error).name} ${(error as Error).message}`;
  }
}

/** The error that the small module raises with a piece of its text replaced. */
function after(from: string, to: string): string {
  if (!small.includes(from)) throw new Error(`${from} is not in the text`);
  return problem(small.replace(from, to));
}

test("an op is a row of its name, operand numbers, attributes and type numbers", () => {
  const rows = moduleToJson(example())
    .split("\n")
    .map((line) => line.trim().replace(/,$/, ""));
  // the row that the description of the IR shows, with every default written
  expect(rows).toContain('["dot",[29,2],{"acc":"f32","batch":[[],[]],"contract":[[1],[1]],"mul":"same"},[7]]');
  expect(rows).toContain(
    '["acme.opt.momentum@2",[0,4,37,10],{"mu":{"bits":"3feccccccccccccd"}},[0,0],"acme_momentum_w1"]',
  );
});

test("errors of a JSON text name the path or the character", () => {
  expect([
    problem(""),
    problem("{"),
    problem("[1, 2"),
    problem("[]"),
    problem("{}"),
    problem('{"a": "\\q"}'),
    problem('{"a": 1, "a": 2}'),
    problem('{"\\u0061": {}, "b": [{"a": 1}, {"a": 2}], "a": 2}'),
    problem('{"__proto__": 1}'),
    problem('{"a": {"constr\\u0075ctor": 1}}'),
    problem("[".repeat(100_000)),
    after('"format": "tenon-ir"', '"format": "onnx"'),
    after('"version": [1,0]', '"version": [1]'),
    after('"weights": []', '"weights": {}'),
    after('"weights": []', '"weight": []'),
    after('[["B",1,64,1]]', '[["B",1,64,0]]'),
    after('[["B",1,64,1]]', '[["B",1,64,1],["B",1,64,1]]'),
    after('[["B",1,64,1]]', "[]"),
    after('["f32",["B",4]]', '["float32",["B",4]]'),
    after('["f32",["B",4]]', '["f32",["B*",4]]'),
    after('["f32",["B",4]]', '["f32",["B",-4]]'),
    after('["f32",["B",4]]', '["f32",["B",1.5]]'),
    after('["f32",["B",4]]', '["f32",[1,2,3,4,5,6,7,8,9]]'),
    after('["core",1]', '["acme",1]'),
    after('"reduce",[0]', '"reduce",[1]'),
    after('"reduce",[0]', '"reduce",[-1]'),
    after('"reduce",[0]', '"@1",[0]'),
    after('"reduce"', '"reduce@0"'),
    after('"axes":[1]', '"axes":[0.5]'),
    after('"axes":[1]', '"axes":null'),
    after('"axes":[1]', '"axes":{"bits":"3ff0000000000000"}'),
    after('"axes":[1]', '"axes":{"bits":"3fe"}'),
    after('"axes":[1]', '"axes":{"bytes":"0"}'),
    after('"axes":[1]', '"axes":{"number":"0"}'),
    after('"axes":[1]', '"axes":{"dim":"C"}'),
    after('"axes":[1]', '"axes":{"fn":"g"}'),
    after('"axes":[1]', '"axes":{}'),
    after('"entries": [["f","f"]]', '"entries": [["f","g"]]'),
    after('"entries": [["f","f"]]', '"entries": [["f","f"],["f","f"]]'),
    after('"output":0', '"output":"0"'),
    after('"output":0', '"out":0'),
    after(",[1]]", ",[9]]"),
  ]).toMatchInlineSnapshot(`
    [
      "FormatError E120 json: the text is no JSON.",
      "FormatError E120 json: the text is no JSON.
      at: character 1",
      "FormatError E120 json: the text is no JSON.
      at: character 5",
      "FormatError E124 json: an object is wanted.
      at: $",
      "FormatError E124 json: format is missing.
      at: $",
      "FormatError E120 json: the text is no JSON.
      at: character 8",
      "FormatError E121 json: the key "a" stands twice in one object.
      at: character 9",
      "FormatError E121 json: the key "a" stands twice in one object.
      at: character 42",
      "FormatError E122 json: no key may be __proto__.
      at: character 1",
      "FormatError E122 json: no key may be constructor.
      at: character 7",
      "FormatError E123 json: brackets are nested more than 38 deep.
      at: character 38",
      "FormatError E124 json: the format is not "tenon-ir".
      at: $.format",
      "FormatError E124 json: a list of 2 entries is wanted.
      at: $.version",
      "FormatError E124 json: a list is wanted.
      at: $.weights",
      "FormatError E124 json: weights is missing.
      at: $",
      "FormatError E124 json: B in 1..64 mult 0 is no range of sizes.
      at: $.symbols[0]
      fix: use integers with 0 <= min <= max <= 2147483647 and a multiple of at least 1.",
      "FormatError E124 json: the size B is declared twice.
      at: $.symbols[1]",
      "FormatError E124 json: there is no size B.
      at: $.types[0][1][0]",
      "FormatError E124 json: float32 is no dtype.
      at: $.types[0][0]",
      "FormatError E124 json: the expression ends too early in "B*".
      at: $.types[0][1][0]",
      "FormatError E124 json: a whole number from 0 is wanted.
      at: $.types[0][1][1]",
      "FormatError E124 json: a whole number from 0 is wanted.
      at: $.types[0][1][1]",
      "LimitError E150 json: 9 axes are more than 8.
      at: $.types[0]
      fix: raise limits.rank if you trust the source.",
      "FormatError E124 json: "acme" stands twice in one list.
      at: $.opsets[1][0]",
      "FormatError E124 json: there is no value 1 yet, only 1.
      at: $.functions[0].ops[0][1][0]",
      "FormatError E124 json: a whole number from 0 is wanted.
      at: $.functions[0].ops[0][1][0]",
      "FormatError E124 json: "@1" is not an op and its version.
      at: $.functions[0].ops[0][0]",
      "FormatError E124 json: "reduce@0" is not an op and its version.
      at: $.functions[0].ops[0][0]",
      "FormatError E124 json: 0.5 is not whole and is written by its bits.
      at: $.functions[0].ops[0][2].axes[0]",
      "FormatError E124 json: an object is wanted.
      at: $.functions[0].ops[0][2].axes",
      "FormatError E124 json: 1 is whole and is written as a number.
      at: $.functions[0].ops[0][2].axes.bits",
      "FormatError E124 json: the bits are not 16 lower-case hexadecimal digits.
      at: $.functions[0].ops[0][2].axes.bits",
      "FormatError E124 json: the bytes are not pairs of lower-case hexadecimal digits.
      at: $.functions[0].ops[0][2].axes.bytes",
      "FormatError E124 json: a value is one of bits, bytes, dim, fn and record.
      at: $.functions[0].ops[0][2].axes.number",
      "FormatError E124 json: there is no size C.
      at: $.functions[0].ops[0][2].axes.dim",
      "FormatError E125 json: there is no function @g.
      at: $.functions[0].ops[0][2].axes.fn",
      "FormatError E124 json: a value is one of bits, bytes, dim, fn and record.
      at: $.functions[0].ops[0][2].axes",
      "FormatError E125 json: there is no function @g.
      at: $.entries[0][1]",
      "FormatError E124 json: "f" stands twice in one list.
      at: $.entries[1][0]",
      "FormatError E124 json: a whole number from 0 is wanted.
      at: $.state[0].output",
      "FormatError E124 json: output is missing.
      at: $.state[0]",
      "FormatError E124 json: there is no type 9.
      at: $.functions[0].ops[0][3][0]",
    ]
  `);
});

test("limits of a JSON text are errors that name the limit", () => {
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
  ]).toMatchInlineSnapshot(`
    [
      "LimitError E150 json: 632 bytes are more than 10.
      fix: raise limits.fileBytes if you trust the source.",
      "LimitError E150 json: 2 ops are more than 1.
      at: $.functions[0].ops[1]
      fix: raise limits.ops if you trust the source.",
      "LimitError E150 json: 1 functions are more than 0.
      fix: raise limits.functions if you trust the source.",
      "LimitError E150 json: 1 operands or results of one op are more than 0.
      at: $.functions[0].ops[0]
      fix: raise limits.operands if you trust the source.",
      "LimitError E150 json: 1 inputs or results of one function are more than 0.
      at: $.functions[0]
      fix: raise limits.arguments if you trust the source.",
      "LimitError E150 json: 2 axes are more than 1.
      at: $.types[0]
      fix: raise limits.rank if you trust the source.",
      "LimitError E150 json: 1 entries of one list are more than 0.
      at: $.functions[0].ops[0][2].axes
      fix: raise limits.listLength if you trust the source.",
      "FormatError E123 json: brackets are nested more than 8 deep.
      at: character 366",
      "LimitError E150 json: 4 bytes of one string are more than 2.
      at: $.opsets[0][0]
      fix: raise limits.stringBytes if you trust the source.",
    ]
  `);
  expect(problem(small)).toBe("it was read");
});

test("a JSON text may be cut anywhere: it is refused", () => {
  for (let length = 0; length < small.trimEnd().length; length++)
    expect(problem(small.slice(0, length))).toMatch(/^FormatError E12\d json: /);
});

test("reading never touches a prototype", () => {
  moduleFromJson(small);
  const attrs = moduleFromJson(small).functions[0]!.ops[1]!.attrs;
  expect(Object.getPrototypeOf(attrs)).toBeNull();
  expect(Object.getPrototypeOf(attrs.c)).toBeNull();
});

/** As much of JSON Schema as the module's schema uses. */
function fits(schema: any, value: unknown, root: any, path = "$"): string[] {
  if (schema.$ref !== undefined) return fits(root.$defs[schema.$ref.replace("#/$defs/", "")], value, root, path);
  const wrong = (what: string): string[] => [`${path}: ${what}`];
  if (schema.const !== undefined) return value === schema.const ? [] : wrong(`is not ${schema.const}`);
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : wrong("is none of the values");
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((s: unknown) => fits(s, value, root, path).length === 0)
      ? []
      : wrong("fits no alternative");
  const type = Array.isArray(value)
    ? "array"
    : value === null
      ? "null"
      : Number.isInteger(value)
        ? "integer"
        : typeof value;
  if (type !== schema.type) return wrong(`is ${type}, not ${schema.type}`);
  if (type === "integer" && (value as number) < (schema.minimum ?? -Infinity)) return wrong("is too small");
  if (type === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value as string))
    return wrong("does not match");
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))
      return wrong("has the wrong length");
    return value.flatMap((item, i) => fits(schema.prefixItems?.[i] ?? schema.items, item, root, `${path}[${i}]`));
  }
  if (type !== "object") return [];
  const fields = Object.entries(value as object);
  const missing = (schema.required ?? []).filter((key: string) => !Object.hasOwn(value as object, key));
  return [
    ...missing.map((key: string) => `${path}: ${key} is missing`),
    ...fields.flatMap(([key, v]) => {
      const field = schema.properties?.[key] ?? schema.additionalProperties;
      return field === false || field === undefined
        ? wrong(`${key} is unknown`)
        : fits(field, v, root, `${path}.${key}`);
    }),
  ];
}

const schema = JSON.parse(readFileSync(new URL("../schema/module.schema.json", import.meta.url), "utf8"));

test("what is written follows the published schema, and the schema refuses what the reader refuses", () => {
  for (const module of [example(), odd()]) expect(fits(schema, JSON.parse(moduleToJson(module)), schema)).toEqual([]);
  for (const [from, to] of [
    ['"version": [1,0]', '"version": [1]'],
    ['"weights": []', '"weight": []'],
    ['["f32",["B",4]]', '["float32",["B",4]]'],
    ['"reduce",[0]', '"reduce",[-1]'],
    ['"axes":[1]', '"axes":[0.5]'],
    ['"axes":[1]', '"axes":{"bits":"3fe"}'],
    ['"output":0', '"output":"0"'],
  ] as const) {
    expect(after(from, to)).not.toBe("it was read");
    expect(fits(schema, JSON.parse(small.replace(from, to)), schema)).not.toEqual([]);
  }
});

test("a damaged JSON text is refused, or is another module", () => {
  const { refused, read } = fuzzText(moduleToJson(odd()), 2000, 1, { read: moduleFromJson, write: moduleToJson });
  expect(refused).toBeGreaterThan(100);
  expect(read).toBeGreaterThan(100);
}, 60_000);

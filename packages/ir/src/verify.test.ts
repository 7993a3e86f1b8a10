import { parseModule } from "@tenon/ir/text";
import { describe, expect, test } from "vitest";
import {
  type Attrs,
  buildModule,
  constant,
  type DType,
  defineOp,
  Fn,
  input,
  isVerified,
  type Limits,
  type Module,
  type OpRow,
  opRecord,
  type Tensor,
} from "./index.ts";
import { add } from "./ops/arithmetic.ts";
import { verify, verifyModule } from "./verify.ts";
import { faultCodes, faultText, VerificationError } from "./verify-fault.ts";

/** A well-formed module: an affine map with state, weights and a symbolic batch. */
const good = `ir 1.0
opset core@1, nn@1, acme@2
sym B in 1..64
fn @twice(%x: f32[B,2]) -> (f32[B,2]) {
  %y = add %x, %x : f32[B,2]
  return %y
}
fn @twice_vjp(%x: f32[B,2], %y: f32[B,2], %dy: f32[B,2]) -> (f32[B,2]) {
  %dx = add %dy, %dy : f32[B,2]
  return %dx
}
fn @step(%w: f32[4,2] alias 1, %x: f32[B,4]) -> (f32[B,2], f32[4,2]) {
  %y = dot %x, %w {contract=[[1],[0]]} : f32[B,2] in "layers.dense1" at "model.ts:40"
  %r = composite nn.relu@1 %y : f32[B,2]
  %t = composite acme.twice@2 %r {decomp=@twice, vjp=@twice_vjp} : f32[B,2]
  %v = neg %w : f32[4,2]
  return %t, %v
}
entry step = @step
weight "dense1.weight": f32[4,2] = step 0 sha256 "${"0".repeat(64)}" blob "weights"
state "dense1.weight": f32[4,2] = step 0 -> 1 role parameter owner "@tenon/layers"
`;

/** The good module with a piece of its text replaced. */
const text = (from: string, to: string): Module => {
  if (!good.includes(from)) throw new Error(`${from} is not in the text`);
  return parseModule(good.replace(from, to));
};

/** The good module with parts replaced. */
const parts = (change: (module: Module) => Partial<Module>): Module => {
  const module = parseModule(good);
  return { ...module, ...change(module) };
};

/** The good module with a row of `@step` replaced. */
const row = (
  index: number,
  change: Partial<OpRow> & { readonly operands?: readonly number[]; readonly attrs?: Attrs },
): Module =>
  parts(({ functions }) => ({
    functions: functions.map((f) =>
      f.name === "step" ? { ...f, ops: f.ops.map((r, i) => (i === index ? { ...r, ...change } : r)) } : f,
    ),
  }));

/** A module of one function with one op. */
const one = (inputs: string, op: string, result: string): Module =>
  parseModule(
    `ir 1.0\nopset core@1, nn@1\nsym B in 1..64\nfn @f(${inputs}) -> (${result}) {\n  %y = ${op} : ${result}\n  return %y\n}`,
  );

/** The module with its first row replaced. */
const first = (module: Module, change: Partial<OpRow>): Module => {
  const [fn, ...more] = module.functions;
  return {
    ...module,
    functions: [{ ...fn!, ops: fn!.ops.map((r, i) => (i === 0 ? { ...r, ...change } : r)) }, ...more],
  };
};

const known = defineOp({
  name: "acme.known",
  version: 1,
  numeric: "rounded",
  inputs: ["x"],
  shape: ([x]) => x.shape,
  decompose: ([x]) => add(x, x),
  vjp: (_args, _results, [dy]) => [add(dy, dy)],
});

opRecord({
  name: "nn.broken_rule",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  type: ([x]) => ({ dtype: x.dtype, shape: [x.shape[9]!.toString().length] }),
});

interface Fixture {
  readonly code: string;
  readonly title: string;
  readonly module: Module;
  readonly limits?: Partial<Limits>;
  readonly faults: readonly string[];
}

const fixtures: readonly Fixture[] = [
  {
    code: "E300",
    title: "what is no module",
    module: JSON.parse("{}") as Module,
    faults: [
      `E300 module: this is no module.
  fix: build it with buildModule, or read it with parseModule or moduleFromBinary.`,
    ],
  },
  {
    code: "E301",
    title: "a newer IR",
    module: text("ir 1.0", "ir 1.3"),
    faults: [
      `E301 module: the IR version is one that this program knows: expected 1.0 to 1.0, got 1.3.
  fix: upgrade @tenon/ir, or write the module for an older version.`,
    ],
  },
  {
    code: "E302",
    title: "an op set that is not declared",
    module: text("nn@1, ", ""),
    faults: [
      `E302 nn.relu: the op set nn is not declared.
  operand 0: float32 [B, 2]
  at: @step #1
  fix: declare nn@1.`,
    ],
  },
  {
    code: "E302",
    title: "an op set newer than this program",
    module: text("nn@1", "nn@6"),
    faults: [
      `E302 module: op sets are known at their version: expected at most nn@1, got nn@6.
  fix: upgrade @tenon/ir, or write the file for nn@1.`,
    ],
  },
  {
    code: "E302",
    title: "an op newer than its op set",
    module: text("acme@2", "acme@1"),
    faults: [
      `E302 acme.twice: the op is no newer than the op set acme: expected at most @1, got @2.
  operand 0: float32 [B, 2]
  at: @step #2`,
    ],
  },
  {
    code: "E303",
    title: "an unknown op",
    module: text("neg %w", "negate %w"),
    faults: [
      `E303 negate: the op is unknown, and the row carries no decomposition.
  operand 0: float32 [4, 2]
  at: @step #3
  fix: the file uses core@1, this program has core@1; upgrade @tenon/ir, or write the file for an older version.`,
    ],
  },
  {
    code: "E303",
    title: "an unknown op of a third party",
    module: text(" {decomp=@twice, vjp=@twice_vjp}", ""),
    faults: [
      `E303 acme.twice: the op is unknown, and the row carries no decomposition.
  operand 0: float32 [B, 2]
  at: @step #2
  fix: import the package that defines acme.twice, or write the file anew with its decomposition.`,
    ],
  },
  {
    code: "E303",
    title: "an unknown version of an op",
    module: text("nn.relu@1", "nn.relu@3"),
    faults: [
      `E303 nn.relu: the op is known at its version: expected @1, got @3.
  operand 0: float32 [B, 2]
  at: @step #1
  fix: the file uses nn@1, this program has nn@1; upgrade @tenon/ir, or write the file for an older version.`,
    ],
  },
  {
    code: "E304",
    title: "two functions of one name",
    module: parts(({ functions }) => ({ functions: [...functions, functions[0]!] })),
    faults: [`E304 fn: two functions are called @twice.`],
  },
  {
    code: "E304",
    title: "a name that is a key of every object",
    module: parts(({ functions }) => ({
      functions: functions.map((f) => (f.name === "step" ? { ...f, name: "__proto__" } : f)),
    })),
    faults: [`E304 fn: "__proto__" cannot name a function.`],
  },
  {
    code: "E304",
    title: "an entry without a name",
    module: parts(() => ({ entries: new Map([["", "step"]]) })),
    faults: [`E304 entry: "" cannot name an entry.`],
  },
  {
    code: "E305",
    title: "an operand from below",
    module: row(0, { operands: [4, 0] }),
    faults: [
      `E305 dot: operands are values that are defined before: expected %0 to %1, got %4.
  at: @step #0`,
    ],
  },
  {
    code: "E305",
    title: "an operand that is no number of a value",
    module: row(0, { operands: [-1, 0.5] }),
    faults: [
      `E305 dot: operands are values that are defined before: expected %0 to %1, got %-1.
  at: @step #0`,
      `E305 dot: operands are values that are defined before: expected %0 to %1, got %0.5.
  at: @step #0`,
    ],
  },
  {
    code: "E306",
    title: "a result that does not exist",
    module: parts(({ functions }) => ({ functions: functions.map((f) => ({ ...f, results: [9] })) })),
    faults: [
      `E306 fn: results are values of the function: expected %0 to %1, got %9.
  at: @twice`,
      `E306 fn: results are values of the function: expected %0 to %3, got %9.
  at: @twice_vjp`,
      `E306 fn: results are values of the function: expected %0 to %5, got %9.
  at: @step`,
      `E310 fn: input 0 gives its buffer to a result: expected 0, got 1.
  at: @step`,
    ],
  },
  {
    code: "E307",
    title: "a result type that the rule does not give",
    module: one("%x: f32[2,3]", "neg %x", "f32[3,2]"),
    faults: [
      `E307 neg: result types are those of the op's rule: expected (float32 [2, 3]), got (float32 [3, 2]).
  operand 0: float32 [2, 3]
  at: @f #0`,
    ],
  },
  {
    code: "E308",
    title: "an entry without a function",
    module: parts(() => ({ entries: new Map([["step", "stop"]]) })),
    faults: [`E308 entry: there is no function @stop for the entry step.`],
  },
  {
    code: "E308",
    title: "a decomposition that does not exist",
    module: parts(({ functions }) => ({ functions: functions.slice(1) })),
    faults: [
      `E308 acme.twice: there is no function @twice.
  operand 0: float32 [B, 2]
  at: @step #2`,
    ],
  },
  {
    code: "E309",
    title: "functions that call each other",
    module: parseModule(
      `ir 1.0\nopset core@1\nfn @a(%x: f32[]) -> (f32[]) {\n  %y = call %x {fn=@b} : f32[]\n  return %y\n}\nfn @b(%x: f32[]) -> (f32[]) {\n  %y = call %x {fn=@a} : f32[]\n  return %y\n}`,
    ),
    faults: [
      `E309 fn: the function calls itself: @a → @b → @a.
  at: @b`,
    ],
  },
  {
    code: "E310",
    title: "an alias of no result",
    module: text("alias 1", "alias 2"),
    faults: [
      `E310 fn: input 0 gives its buffer to a result: expected 0 to 1, got 2.
  at: @step`,
    ],
  },
  {
    code: "E310",
    title: "an alias of a result of another type",
    module: text("alias 1", "alias 0"),
    faults: [
      `E310 fn: input 0 gives its buffer to a result of its own type: expected float32 [4, 2], got float32 [B, 2].
  at: @step`,
    ],
  },
  {
    code: "E310",
    title: "a result that two inputs give their buffers to",
    module: parts(({ functions }) => ({
      functions: functions.map((f) =>
        f.name === "twice_vjp" ? { ...f, inputs: f.inputs.map((i) => ({ ...i, alias: 0 })) } : f,
      ),
    })),
    faults: [
      `E310 fn: inputs 0 and 1 give their buffers to the same result 0.
  at: @twice_vjp`,
      `E310 fn: inputs 1 and 2 give their buffers to the same result 0.
  at: @twice_vjp`,
    ],
  },
  {
    code: "E311",
    title: "an unknown attribute",
    module: text("neg %w ", "neg %w {base=10} "),
    faults: [
      `E311 neg: unknown option base.
  operand 0: float32 [4, 2]
  at: @step #3
  fix: neg takes no options.`,
    ],
  },
  {
    code: "E311",
    title: "a missing attribute",
    module: row(0, { attrs: {} }),
    faults: [
      `E311 dot: contract is missing.
  operand 0: float32 [B, 4]
  operand 1: float32 [4, 2]
  at: @step #0 (layers.dense1, model.ts:40)
  fix: give contract, two lists of axes, one per operand, of equal length.`,
    ],
  },
  {
    code: "E311",
    title: "an attribute that is not in its normal form",
    module: first(one("%x: f32[2,3]", "reduce %x {axes=[1], op=sum}", "f32[2]"), {
      attrs: { op: "sum", axes: [-1], acc: "float32" },
    }),
    faults: [
      `E311 reduce: axes is in its normal form: expected [1], got [-1].
  operand 0: float32 [2, 3]
  at: @f #0`,
    ],
  },
  {
    code: "E311",
    title: "a setting that is a key of every object",
    module: row(2, { attrs: JSON.parse('{"rate": {"__proto__": 1}}') as Attrs }),
    faults: [
      `E311 acme.twice: no attribute may be named __proto__.
  operand 0: float32 [B, 2]
  at: @step #2`,
    ],
  },
  {
    code: "E312",
    title: "a decomposition of other operands",
    module: text(
      "neg %w : f32[4,2]\n  return %t, %v",
      "composite acme.twice@2 %w {decomp=@twice} : f32[4,2]\n  return %t, %v",
    ),
    faults: [
      `E312 acme.twice: operands are the inputs of @twice: expected (float32 [B, 2]), got (float32 [4, 2]).
  operand 0: float32 [4, 2]
  at: @step #3`,
      `E312 acme.twice: results are those of @twice: expected (float32 [B, 2]), got (float32 [4, 2]).
  operand 0: float32 [4, 2]
  at: @step #3`,
    ],
  },
  {
    code: "E312",
    title: "a third party's op without its decomposition",
    module: text("acme.twice@2 %r {decomp=@twice, vjp=@twice_vjp}", "acme.known@1 %r"),
    faults: [
      `E312 acme.known: an op of a third party carries its decomposition.
  operand 0: float32 [B, 2]
  at: @step #2
  fix: define it with decompose, and build the module with buildModule.`,
    ],
  },
  {
    code: "E312",
    title: "a standard op with a decomposition of its own",
    module: text("nn.relu@1 %y", "nn.relu@1 %y {decomp=@twice}"),
    faults: [
      `E312 nn.relu: a standard op carries no decomposition.
  operand 0: float32 [B, 2]
  at: @step #1
  fix: leave decomp out; every reader knows the op.`,
    ],
  },
  {
    code: "E313",
    title: "a derivative of another signature",
    module: text("vjp=@twice_vjp", "vjp=@twice"),
    faults: [
      `E313 acme.twice: @twice takes operands, results and cotangents: expected (float32 [B, 2], float32 [B, 2], float32 [B, 2]), got (float32 [B, 2]).
  operand 0: float32 [B, 2]
  at: @step #2`,
    ],
  },
  {
    code: "E314",
    title: "a weight of an entry that does not exist",
    module: text("= step 0 sha256", "= stop 0 sha256"),
    faults: [`E314 weight dense1.weight: there is no entry stop.`],
  },
  {
    code: "E314",
    title: "a weight of an input that does not exist",
    module: text("= step 0 sha256", "= step 2 sha256"),
    faults: [`E314 weight dense1.weight: the input is one of step: expected 0 to 1, got 2.`],
  },
  {
    code: "E314",
    title: "state of another type than its result",
    module: text("0 -> 1", "0 -> 0"),
    faults: [
      `E314 state dense1.weight: the type is that of result 0 of step: expected float32 [B, 2], got float32 [4, 2].`,
    ],
  },
  {
    code: "E315",
    title: "a digest that is none",
    module: text("0000", "000"),
    faults: [
      `E315 weight dense1.weight: the digest is 64 hexadecimal digits: got "000000000000000000000000000000000000000000000000000000000000000".`,
    ],
  },
  {
    code: "E315",
    title: "a blob that is a path",
    module: text('"weights"', '"../weights"'),
    faults: [`E315 weight dense1.weight: the blob has a plain name and no path: got "../weights".`],
  },
  {
    code: "E315",
    title: "a tensor that stands twice",
    module: parts(({ state }) => ({ state: [...state, ...state] })),
    faults: [
      `E315 state dense1.weight: another row of step has the same name dense1.weight.`,
      `E315 state dense1.weight: another row of step has the same input 0.`,
      `E315 state dense1.weight: another row of step has the same result 1.`,
    ],
  },
  {
    code: "E316",
    title: "a size that is not declared",
    module: parts(() => ({ symbols: [] })),
    faults: [
      `E316 fn: the size B is not declared.
  at: @twice
  fix: list it among the module's symbols.`,
      `E316 fn: the size B is not declared.
  at: @step
  fix: list it among the module's symbols.`,
    ],
  },
  {
    code: "E316",
    title: "a size of two ranges",
    module: parts(({ symbols }) => ({ symbols: [{ ...symbols[0]!, max: 65 }] })),
    faults: [
      `E316 fn: the size B has the range that is declared for it: expected 1..65, got 1..64.
  at: @twice`,
      `E316 fn: the size B has the range that is declared for it: expected 1..65, got 1..64.
  at: @step`,
    ],
  },
  {
    code: "E317",
    title: "an entry that cannot bind a size",
    module: parseModule(
      `ir 1.0\nopset core@1\nsym B in 1..8\nfn @f() -> (i32[]) {\n  %y = dim {expr="B"} : i32[]\n  return %y\n}\nentry f = @f`,
    ),
    faults: [
      `E317 entry: no input of f tells the size B.
  at: @f
  fix: give it an input with an axis of size B.`,
    ],
  },
  {
    code: "E318",
    title: "a note on a row that does not exist",
    module: parts(({ tables }) => ({
      tables: { ...tables, sources: new Map([["step", new Map([[4, "model.ts:1"]])]]) },
    })),
    faults: [
      `E318 tables: sources has a note on number 4 of 4.
  at: @step`,
    ],
  },
  {
    code: "E319",
    title: "a type rule that fails",
    module: one("%x: f32[2]", "composite nn.broken_rule@1 %x", "f32[2]"),
    faults: [
      `E319 nn.broken_rule: the type rule failed: Cannot read properties of undefined (reading 'toString').
  operand 0: float32 [2]
  at: @f #0`,
    ],
  },
  {
    code: "E150",
    title: "more ops than the host allows",
    module: parseModule(good),
    limits: { ops: 5 },
    faults: [
      `E150 module: 6 ops are more than 5.
  fix: raise limits.ops if you trust the source.`,
    ],
  },
  {
    code: "E201",
    title: "dtypes that do not fit",
    module: one("%x: i32[2]", "exp %x", "i32[2]"),
    faults: [
      `E201 exp: x is int32 where a float is wanted.
  operand 0: int32 [2]
  at: @f #0`,
    ],
  },
  {
    code: "E201",
    title: "a dtype that is none",
    module: parts(({ functions }) => ({
      functions: [
        { name: "f", inputs: [{ type: { dtype: "float31" as DType, shape: [] } }], ops: [], results: [] },
        ...functions,
      ],
    })),
    faults: [
      `E201 fn: float31 is no dtype.
  at: @f
  fix: did you mean float32?`,
    ],
  },
  {
    code: "E202",
    title: "element-wise operands of two shapes",
    module: one("%x: f32[2], %z: f32[3]", "add %x, %z", "f32[2]"),
    faults: [
      `E202 add: x is float32 [2] but y is float32 [3].
  operand 0: float32 [2]
  operand 1: float32 [3]
  at: @f #0
  fix: broadcast one of them.`,
    ],
  },
  {
    code: "E203",
    title: "a broadcast that is none",
    module: one("%x: f32[2]", "broadcast %x {dims=[1]}", "f32[3,4]"),
    faults: [
      `E203 broadcast: axis 0 of size 2 cannot become size 4.
  operand 0: float32 [2]
  at: @f #0`,
    ],
  },
  {
    code: "E204",
    title: "contracted axes of two sizes",
    module: one("%x: f32[2,3], %z: f32[4,5]", "dot %x, %z {contract=[[1],[0]]}", "f32[2,5]"),
    faults: [
      `E204 dot: contract axes differ: axis 1 of a is 3 but axis 0 of b is 4.
  operand 0: float32 [2, 3]
  operand 1: float32 [4, 5]
  at: @f #0`,
    ],
  },
  {
    code: "E205",
    title: "axes that do not exist",
    module: one("%x: f32[2,3]", "transpose %x {perm=[0,0]}", "f32[2,3]"),
    faults: [
      `E205 transpose: [0, 0] is no order of 2 axes.
  operand 0: float32 [2, 3]
  at: @f #0
  fix: list every axis once.`,
    ],
  },
  {
    code: "E206",
    title: "a rank that does not fit",
    module: one("%x: f32[2,3]", "broadcast %x {dims=[0]}", "f32[2,3]"),
    faults: [
      `E206 broadcast: dims has 1 axes but x has rank 2.
  operand 0: float32 [2, 3]
  at: @f #0`,
    ],
  },
  {
    code: "E207",
    title: "elements that do not fill a constant",
    module: parts(({ functions }) => ({
      functions: [
        {
          name: "f",
          inputs: [],
          ops: [
            {
              op: "constant",
              version: 1,
              operands: [],
              attrs: { value: new Uint8Array(8), shape: [3], dtype: "float32" },
              types: [{ dtype: "float32", shape: [3] }],
            },
          ],
          results: [],
        },
        ...functions,
      ],
    })),
    faults: [
      `E207 constant: 8 bytes are not 3 elements of float32.
  at: @f #0`,
    ],
  },
  {
    code: "E208",
    title: "a reshape to another size",
    module: one("%x: f32[2,B]", "reshape %x", "f32[B,3]"),
    faults: [
      `E208 reshape: x has 2*B elements but [B, 3] has 3*B.
  operand 0: float32 [2, B]
  at: @f #0
  fix: element counts must be equal for every value of the symbols; name one size by an expression over the other's.`,
    ],
  },
  {
    code: "E209",
    title: "an operand too few",
    module: one("%x: f32[2]", "add %x", "f32[2]"),
    faults: [
      `E209 add: 1 operand given, 2 wanted.
  operand 0: float32 [2]
  at: @f #0`,
    ],
  },
  {
    code: "E210",
    title: "a slice beyond the end",
    module: one("%x: f32[2]", "slice %x {start=[0], limit=[3], stride=[1]}", "f32[3]"),
    faults: [
      `E210 slice: the limit of axis 0 is 3, beyond its size 2.
  operand 0: float32 [2]
  at: @f #0`,
    ],
  },
];

describe("each code has a module that fails with it:", () => {
  test.each(fixtures)("$code, $title", ({ code, module, limits, faults }) => {
    const found = verifyModule(module, limits);
    expect(found[0]!.code).toBe(code);
    expect(found.map(faultText)).toEqual(faults);
  });
});

test("every code has such a module, and every code of a type rule too", () => {
  const covered = new Set(fixtures.map(({ code }) => code));
  const rules = ["E201", "E202", "E203", "E204", "E205", "E206", "E207", "E208", "E209", "E210"];
  expect([...Object.keys(faultCodes), ...rules, "E150"].filter((code) => !covered.has(code))).toEqual([]);
});

test("a well-formed module is verified, and no copy of it", () => {
  const module = parseModule(good);
  expect(isVerified(verify(module))).toBe(true);
  expect(isVerified({ ...module })).toBe(false);
});

test("the error lists the faults of every row, with layer path and source line where they are known", () => {
  const module = row(0, { types: [{ dtype: "float32", shape: [1, 2] }] });
  expect(() => verify(module)).toThrowErrorMatchingInlineSnapshot(`
    [VerificationError E307 dot: result types are those of the op's rule: expected (float32 [B, 2]), got (float32 [1, 2]).
      operand 0: float32 [B, 4]
      operand 1: float32 [4, 2]
      at: @step #0 (layers.dense1, model.ts:40)
    E307 nn.relu: result types are those of the op's rule: expected (float32 [1, 2]), got (float32 [B, 2]).
      operand 0: float32 [1, 2]
      at: @step #1]
  `);
});

test("the stack of the error tells every fault, as its text does", () => {
  const error = new VerificationError(
    ["E300", "E301"].map((code) => ({
      code,
      kind: "VerificationError",
      op: "module",
      operandTypes: [],
      rule: "$& holds",
    })),
  );
  expect(error.stack?.startsWith(`${String(error)}\n    at `)).toBe(true);
});

test("collecting ends after twenty faults", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `  %y${i} = neg %x {base=10} : f32[]\n`).join("");
  const module = parseModule(`ir 1.0\nopset core@1\nfn @f(%x: f32[]) -> (f32[]) {\n${rows}  return %x\n}`);
  expect(verifyModule(module).length).toBe(20);
});

describe("limits on programs from outside:", () => {
  const nested = { list: [[[1]]], text: "x".repeat(100) };
  const dense = constant([1, 2, 3, 4]);
  const cases: readonly (readonly [keyof Limits, number, Module])[] = [
    ["ops", 5, parseModule(good)],
    ["functions", 2, parseModule(good)],
    ["callDepth", 0, parseModule(good)],
    ["operands", 1, parseModule(good)],
    ["arguments", 2, parseModule(good)],
    ["rank", 1, parseModule(good)],
    ["elements", 7, parseModule(good)],
    ["dimNodes", 1, parseModule(good)],
    ["attrDepth", 2, row(2, { attrs: nested })],
    ["stringBytes", 99, row(2, { attrs: nested })],
    ["listLength", 2, row(2, { attrs: { list: [1, 2, 3] } })],
    ["constantBytes", 31, buildModule({ entries: { f: new Fn("f", [], [add(dense, constant([4, 3, 2, 1]))]) } })],
  ];

  test.each(cases)("%s", (key, value, module) => {
    expect(verifyModule(module)).toEqual([]);
    const [fault] = verifyModule(module, { [key]: value });
    expect(fault).toMatchObject({
      code: "E150",
      kind: "LimitError",
      hint: `raise limits.${key} if you trust the source`,
    });
  });
});

test("a third party's op is written with its decomposition and its derivative, once for alike uses", () => {
  const x = input({ dtype: "float32", shape: [3] });
  const module = buildModule({ entries: { f: new Fn("f", [x], [known(known(x))]) } });
  expect(verifyModule(module)).toEqual([]);
  expect(module.functions.map(({ name }) => name)).toEqual(["acme_known", "acme_known_vjp", "f"]);
});

test("a chain of 200,000 ops is verified in linear time", () => {
  const x = input({ dtype: "float32", shape: [2] });
  let y: Tensor = x;
  for (let i = 0; i < 200_000; i++) y = add(y, x);
  expect(verifyModule(buildModule({ entries: { f: new Fn("f", [x], [y]) } }))).toEqual([]);
});

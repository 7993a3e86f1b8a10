import { differences, tolerances } from "@tenon/conformance";
import {
  abs,
  add,
  applyOp,
  broadcastOp,
  convertTo,
  type DType,
  div,
  dynamicSliceOp,
  Fn,
  foldOp,
  input,
  isFloat,
  lookupOp,
  mul,
  neg,
  padOp,
  pow,
  reduceOp,
  reshapeOp,
  select,
  sliceOp,
  spec,
  splat,
  sub,
  type Tensor,
  transposeOp,
} from "@tenon/ir";
import { sameStructure } from "@tenon/ir/structure";
import { describe, expect, test } from "vitest";
import { loadParts } from "../parts.ts";
import { firstDifference, runRounded, specials } from "../random-graph.test-kit.ts";
import { algebraOf, algebraRules } from "./algebra.ts";
import { rewrite } from "./rewrite.ts";

await loadParts();

/** x, y: of the dtype at hand; p, q: bool of the same shape; c: a constant of that type. */
type Body = (x: Tensor, y: Tensor, p: Tensor, c: (value: number, dtype?: DType) => Tensor) => Tensor;

/** An expression that a rule turns into another, and expressions that it must leave alone. */
interface Case {
  readonly rule: string;
  readonly from: Body;
  readonly to: Body;
  readonly dtypes?: readonly DType[];
  readonly not: readonly (readonly [why: string, from: Body, dtypes?: readonly DType[]])[];
}

const floats: readonly DType[] = ["float32", "float16", "bfloat16", "float64"];
const integers: readonly DType[] = ["int32", "uint32", "int8", "uint16"];
const numbers = [...floats, ...integers];
const shape = [3, 6] as const;

const permuted = (x: Tensor, perm: readonly number[]): Tensor => applyOp(transposeOp, [x], { perm })[0]!;
const reshaped = (x: Tensor, to: readonly number[]): Tensor => applyOp(reshapeOp, [x], { shape: to })[0]!;
const spread = (x: Tensor, to: readonly number[], dims: readonly number[]): Tensor =>
  applyOp(broadcastOp, [x], { shape: to, dims })[0]!;
const cut = (x: Tensor, start: readonly number[], limit: readonly number[], stride: readonly number[]): Tensor =>
  applyOp(sliceOp, [x], { start, limit, stride })[0]!;
const folded = (x: Tensor, dims: readonly number[], stride: number): Tensor =>
  applyOp(foldOp, [x], { axes: [0], dims, stride: [stride], dilation: [1] })[0]!;
/** −0 becomes +0. */
const positive = (x: Tensor): Tensor => (isFloat(x.dtype) ? add(x, splat(0, x.shape, x.dtype)) : x);
const reduced = (x: Tensor, op: string, axes: readonly number[]): Tensor => applyOp(reduceOp, [x], { op, axes })[0]!;
const convert = (x: Tensor, to: DType): Tensor => applyOp(lookupOp("convert")!, [x], { to })[0]!;
const taken = (x: Tensor, starts: readonly Tensor[]): Tensor =>
  applyOp(dynamicSliceOp, [x, ...starts], { sizes: [2, 3] })[0]!;
const at = (value: number): Tensor => splat(value, [], "int32");

const cases: readonly Case[] = [
  {
    rule: "x + 0 = x",
    from: (x, _y, _p, c) => add(x, c(-0)),
    to: (x) => x,
    dtypes: numbers,
    not: [["−0 + 0 is +0", (x, _y, _p, c) => add(x, c(0)), floats]],
  },
  {
    rule: "x − 0 = x",
    from: (x, _y, _p, c) => sub(x, c(0)),
    to: (x) => x,
    dtypes: numbers,
    not: [["−0 − −0 is +0", (x, _y, _p, c) => sub(x, c(-0)), floats]],
  },
  {
    rule: "x · 1 = x",
    from: (x, _y, _p, c) => mul(c(1), x),
    to: (x) => x,
    dtypes: numbers,
    not: [["x · 2", (x, _y, _p, c) => mul(c(2), x)]],
  },
  {
    rule: "x / 1 = x",
    from: (x, _y, _p, c) => div(x, c(1)),
    to: (x) => x,
    dtypes: floats,
    not: [["1 / x", (x, _y, _p, c) => div(c(1), x)]],
  },
  {
    rule: "x / 2^k = x · 2^−k",
    from: (x, _y, _p, c) => div(x, c(-8)),
    to: (x, _y, _p, c) => mul(x, c(-0.125)),
    dtypes: floats,
    not: [
      ["1/3 is no number of the dtype", (x, _y, _p, c) => div(x, c(3))],
      ["2^−127 is subnormal", (x, _y, _p, c) => div(x, c(2 ** 127)), ["float32", "bfloat16"]],
      ["2^−15 is subnormal", (x, _y, _p, c) => div(x, c(2 ** 15)), ["float16"]],
      ["2^127 · 2 is no number", (x, _y, _p, c) => div(x, c(2 ** -128)), ["float32", "bfloat16"]],
      ["1/0", (x, _y, _p, c) => div(x, c(0))],
      ["1/∞", (x, _y, _p, c) => div(x, c(Infinity))],
      ["integers truncate", (x, _y, _p, c) => applyOp(div.op, [x, c(2)])[0]!, integers],
    ],
  },
  {
    rule: "−−x = x",
    from: (x) => neg(neg(x)),
    to: (x) => x,
    dtypes: numbers,
    not: [["−|x|", (x) => neg(abs(x))]],
  },
  {
    rule: "pow(x, -1)",
    from: (x, _y, _p, c) => pow(x, c(-1)),
    to: (x, _y, _p, c) => div(c(1), x),
    not: [["x⁻²", (x, _y, _p, c) => pow(x, c(-2))]],
  },
  {
    rule: "pow(x, 0)",
    from: (x, _y, _p, c) => pow(x, c(0)),
    to: (_x, _y, _p, c) => c(1),
    not: [["0^x", (x, _y, _p, c) => pow(c(0), x)]],
  },
  {
    rule: "pow(x, 1)",
    from: (x, _y, _p, c) => pow(x, c(1)),
    to: (x) => x,
    not: [["1^x", (x, _y, _p, c) => pow(c(1), x)]],
  },
  {
    rule: "pow(x, 2)",
    from: (x, _y, _p, c) => pow(x, c(2)),
    to: (x) => mul(x, x),
    not: [["2^x", (x, _y, _p, c) => pow(c(2), x)]],
  },
  {
    rule: "pow(x, 3)",
    from: (x, _y, _p, c) => pow(x, c(3)),
    to: (x) => mul(mul(x, x), x),
    not: [["√x, which is −0 at −0 where x^½ is +0", (x, _y, _p, c) => pow(x, c(0.5))]],
  },
  {
    rule: "pow(x, 4)",
    from: (x, _y, _p, c) => pow(x, c(4)),
    to: (x) => {
      const square = mul(x, x);
      return mul(square, square);
    },
    not: [["x⁵", (x, _y, _p, c) => pow(x, c(5))]],
  },
  {
    rule: "select by a constant",
    from: (x, y, _p, c) => select(c(1, "bool"), x, y),
    to: (x) => x,
    dtypes: numbers,
    not: [["by a value", (x, y, p) => select(p, x, y)]],
  },
  {
    rule: "select of two equals",
    from: (x, _y, p) => select(p, x, x),
    to: (x) => x,
    dtypes: numbers,
    not: [["of two", (x, y, p) => select(p, x, y)]],
  },
  {
    rule: "select of 1 and 0",
    from: (_x, _y, p, c) => select(p, c(1), c(0)),
    to: (x, _y, p) => convertTo(p, x.dtype),
    dtypes: [...numbers, "bool"],
    not: [
      ["−0 is no bool", (_x, _y, p, c) => select(p, c(1), c(-0)), floats],
      ["2", (_x, _y, p, c) => select(p, c(2), c(0))],
    ],
  },
  {
    rule: "convert to its own dtype",
    from: (x) => convert(x, x.dtype),
    to: (x) => x,
    dtypes: [...numbers, "bool"],
    not: [["to another", (x) => convert(x, "bool"), ["int32"]]],
  },
  {
    rule: "reshape to its own shape",
    from: (x) => reshaped(x, [3, 6]),
    to: (x) => x,
    not: [["to another", (x) => reshaped(x, [6, 3])]],
  },
  {
    rule: "broadcast to its own shape",
    from: (x) => spread(x, [3, 6], [0, 1]),
    to: (x) => x,
    not: [["to another", (x) => spread(x, [1, 3, 6], [1, 2])]],
  },
  {
    rule: "slice to its own shape",
    from: (x) => cut(x, [0, 0], [3, 6], [1, 1]),
    to: (x) => x,
    not: [["a part", (x) => cut(x, [0, 0], [3, 5], [1, 1])]],
  },
  {
    rule: "dynamic_slice to its own shape",
    from: (x) => applyOp(lookupOp("dynamic_slice")!, [x, at(1), at(-1)], { sizes: [3, 6] })[0]!,
    to: (x) => x,
    not: [["of less", (x) => taken(x, [at(1), at(1)])]],
  },
  {
    rule: "pad to its own shape",
    from: (x, _y, _p, _c) =>
      applyOp(padOp, [x, splat(7, [], x.dtype)], { lo: [0, 0], hi: [0, 0], interior: [0, 0] })[0]!,
    to: (x) => x,
    not: [
      [
        "by one",
        (x, _y, _p, _c) => applyOp(padOp, [x, splat(7, [], x.dtype)], { lo: [0, 1], hi: [0, 0], interior: [0, 0] })[0]!,
      ],
    ],
  },
  {
    rule: "transpose in order",
    from: (x) => permuted(x, [0, 1]),
    to: (x) => x,
    not: [["out of order", (x) => permuted(x, [1, 0])]],
  },
  {
    rule: "transpose of a transpose",
    from: (x) => permuted(permuted(reshaped(x, [3, 3, 2]), [2, 0, 1]), [2, 0, 1]),
    to: (x) => permuted(reshaped(x, [3, 3, 2]), [1, 2, 0]),
    not: [["a reshape between", (x) => permuted(reshaped(permuted(x, [1, 0]), [2, 9]), [1, 0])]],
  },
  {
    rule: "reshape of a reshape",
    from: (x) => reshaped(reshaped(x, [18]), [2, 9]),
    to: (x) => reshaped(x, [2, 9]),
    not: [["a transpose between", (x) => reshaped(permuted(x, [1, 0]), [2, 9])]],
  },
  {
    rule: "dynamic_slice at constants",
    from: (x) => taken(x, [at(-4), at(9)]),
    to: (x) => cut(x, [0, 3], [2, 6], [1, 1]),
    not: [["at a value", (x) => taken(x, [at(0), reshaped(cut(x, [0, 0], [1, 1], [1, 1]), [])]), ["int32"]]],
  },
  {
    rule: "fold of windows side by side",
    from: (x, y) => folded(mul(x, y), [18], 6),
    to: (x, y) => positive(mul(...([x, y].map((t) => reshaped(permuted(t, [0, 1]), [18])) as [Tensor, Tensor]))),
    dtypes: ["float32", "float16", "int32"],
    not: [
      ["windows overlap", (x) => folded(x, [16], 5)],
      ["places lie between them", (x) => folded(x, [20], 7)],
    ],
  },
  {
    rule: "reduce over axes of size 1",
    from: (x) => reduced(reshaped(x, [3, 1, 6]), "max", [1]),
    to: (x) => reshaped(reshaped(x, [3, 1, 6]), [3, 6]),
    dtypes: numbers,
    not: [
      ["the sum of −0 is +0", (x) => reduced(x, "sum", []), floats],
      ["of others", (x) => reduced(x, "max", [0])],
    ],
  },
];

function build(dtype: DType, body: Body): { readonly fn: Fn; readonly inputs: readonly Tensor[] } {
  const inputs = [input({ dtype, shape }), input({ dtype, shape }), input({ dtype: "bool", shape })];
  const c = (value: number, type: DType = dtype): Tensor => splat(value, shape, type);
  return { fn: new Fn("f", inputs, [body(inputs[0]!, inputs[1]!, inputs[2]!, c)]), inputs };
}

/** Pairs of special values of the dtype, and bools. */
function point(dtype: DType) {
  const values = specials(dtype);
  const fill = (step: number) =>
    Float64Array.from({ length: 18 }, (_, i) => values[(i * step + (step >> 2)) % values.length]!);
  return [
    { dtype, shape, data: fill(1) },
    { dtype, shape, data: fill(5) },
    { dtype: "bool" as const, shape, data: Float64Array.from({ length: 18 }, (_, i) => (i >> 1) % 2) },
  ];
}

const apply = (name: string, fn: Fn): Fn => {
  const rules = algebraRules.filter((rule) => rule.name === name);
  return rewrite(fn, algebraOf(rules).start);
};

test("every identity has a case in which it applies and one in which it must not", () => {
  expect(cases.map(({ rule }) => rule)).toEqual(algebraRules.map(({ name }) => name));
});

describe.each(cases)("$rule", ({ rule, from, to, dtypes = ["float32"], not }) => {
  test.each(dtypes)("%s", (dtype) => {
    const { fn } = build(dtype, from);
    const expected = build(dtype, to).fn;
    const actual = apply(rule, fn);
    expect(sameStructure(actual.results, expected.results)).toBe(true);
    if (rule.startsWith("pow")) return;
    const args = point(dtype);
    expect(firstDifference(runRounded({ fn, args }), runRounded({ fn: actual, args }))).toBeUndefined();
  });
  test.each(not.flatMap(([why, body, types = ["float32" as const]]) => types.map((dtype) => ({ why, body, dtype }))))(
    "leaves alone: $why ($dtype)",
    ({ body, dtype }) => {
      const { fn } = build(dtype, body);
      expect(apply(rule, fn)).toBe(fn);
    },
  );
});

test.each(floats)("powers as products are within the class of pow, at special values too (%s)", (dtype) => {
  const args = point(dtype);
  for (const exponent of [-1, 0, 1, 2, 3, 4]) {
    const { fn } = build(dtype, (x, _y, _p, c) => pow(x, c(exponent)));
    const product = apply(`pow(x, ${exponent})`, fn);
    const expected = runRounded({ fn, args })[0]!.data;
    const actual = runRounded({ fn: product, args })[0]!.data;
    expect(differences(dtype, expected, actual, tolerances.transcendental.ieee)).toEqual([]);
    expect([...actual].map((x) => Object.is(x, -0))).toEqual([...expected].map((x) => Object.is(x, -0)));
  }
});

test("identities hold for symbolic sizes as for numbers", () => {
  const x = input(spec(["B", 3]));
  const y = add(mul(x, splat(1, x.shape, "float32")), splat(-0, x.shape, "float32"));
  expect(rewrite(new Fn("f", [x], [y]), algebraOf(algebraRules).start).results).toEqual([x]);
});

import { backward, vmap } from "@tenon/autograd";
import { expect, test } from "vitest";
import {
  applyOp,
  attention,
  attentionOp,
  causalMask,
  constant,
  input,
  iota,
  reshape,
  spec,
  type Tensor,
  tril,
  triu,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const heads = (data: readonly number[], t: number, h = 1): Tensor => constant(data, [1, t, h, data.length / (t * h)]);

test("a query that sees one key takes its value", () => {
  const [q, k, v] = [heads([1, 2], 2), heads([3, 4], 2), heads([5, 6], 2)];
  const own = reshape(iota([2, 1]).equal(iota([1, 2], 1)), [2, 2]);
  expect(evaluated(attention(q, k, v, { mask: own }))).toEqual([5, 6]);
  expect(evaluated(attention(q, k, v, { causal: true }))[0]).toBe(5);
});

test("the scale is 1/√d by default", () => {
  const [q, k, v] = [heads([2, 0, 0, 0], 1), heads([1, 0, 0, 0, 0, 0, 0, 0], 2), heads([1, 0], 2)];
  expect(evaluated(attention(q, k, v))[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  expect(evaluated(attention(q, k, v, { scale: 1 }))[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
});

test("neighbouring heads of queries share a head of keys and values", () => {
  const [q, k, v] = [heads([0, 0, 0, 0], 1, 4), heads([0, 0], 1, 2), heads([7, 9], 1, 2)];
  expect(evaluated(attention(q, k, v))).toEqual([7, 7, 9, 9]);
});

test("a query that sees nothing yields 0 and has no gradient, without an infinity on the way", () => {
  const [q, k, v] = [heads([1, 1e4], 2), heads([1e4, 3], 2), heads([5, 6], 2)].map((x) => input(x)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const given = [
    [q, [1, 1e4]],
    [k, [1e4, 3]],
    [v, [5, 6]],
  ] as const;
  const mask = constant([0, 0, 1, 1], [1, 1, 2, 2], "bool");
  const [y, lse] = applyOp(attentionOp, [q, k, v, mask], { scale: 1, mask: true });
  expect(stepwise(y!, given)).toEqual({ values: [0, 5], overflows: [] });
  expect(stepwise(lse!, given)).toEqual({ values: [-3.4028234663852886e38, 1e8], overflows: [] });
  const { gradients } = backward([y!, lse!], [q, k, v], [constant(1, y!.shape), constant(1, lse!.shape)]);
  expect(gradients.map((dx) => stepwise(dx!, given))).toEqual([
    { values: [0, 1e4], overflows: [] },
    { values: [1e4, 0], overflows: [] },
    { values: [1, 0], overflows: [] },
  ]);
});

test("a query whose scores are all −∞ yields 0 and has no gradient", () => {
  const [q, k, v, bias] = [
    [2, 1],
    [1, 3],
    [5, 6],
    [-Infinity, -Infinity, -Infinity, 0],
  ].map((data, i) => input(constant(data, i === 3 ? [1, 1, 2, 2] : [1, 2, 1, 1]))) as [Tensor, Tensor, Tensor, Tensor];
  const given = [
    [q, [2, 1]],
    [k, [1, 3]],
    [v, [6, 5]],
    [bias, [-Infinity, -Infinity, -Infinity, 0]],
  ] as const;
  const y = attention(q, k, v, { bias });
  expect(stepwise(y, given).values).toEqual([0, 5]);
  const { gradients } = backward([y], [q, k, v, bias], [constant(1, y.shape)]);
  expect(gradients.map((dx) => stepwise(dx!, given).values)).toEqual([
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 0, 0, 0],
  ]);
});

test("causal attention sees all keys from the last query, as with a cache of earlier keys", () => {
  expect(evaluated(causalMask(2, 4))).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
  expect(evaluated(causalMask(3))).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 1]);
  const [q, k, v] = [heads([0, 0], 2), heads([0, 0, 0, 0], 4), heads([0, 0, 4, 8], 4)];
  const [first, last] = evaluated(attention(q, k, v, { causal: true }));
  expect(first).toBeCloseTo(4 / 3, 12);
  expect(last).toBeCloseTo(3, 12);
});

test("sizes may be symbolic", () => {
  const [q, k] = [input(spec(["B", "T", 4, 8])), input(spec(["B", "S", 2, 8]))];
  const y = attention(q, k, k, { causal: true });
  expect(String(y)).toBe("Tensor(float32 [B, T, 4, 8])");
  const { gradients } = backward([y], [q, k], [y]);
  expect(gradients.map(String)).toEqual(["Tensor(float32 [B, T, 4, 8])", "Tensor(float32 [B, S, 2, 8])"]);
});

test("many examples at once are one larger batch", () => {
  const [q, k] = [input(spec([5, 2, 3, 2, 4])), input(spec([5, 2, 4, 2, 4]))];
  const mask = constant(1, [1, 1, 3, 4], "bool");
  const y = vmap((q: Tensor, k: Tensor) => attention(q, k, k, { mask }))(q, k);
  const [{ node }] = [y.node.inputs[0]!];
  expect([node.op.name, ...node.inputs.map(String)]).toEqual([
    "nn.attention",
    "Tensor(float32 [10, 3, 2, 4])",
    "Tensor(float32 [10, 4, 2, 4])",
    "Tensor(float32 [10, 4, 2, 4])",
    "Tensor(bool [1, 1, 3, 4])",
  ]);
});

test("tril and triu keep a side of a diagonal", () => {
  const x = constant([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
  expect(evaluated(tril(x))).toEqual([1, 0, 0, 4, 5, 0, 7, 8, 9]);
  expect(evaluated(triu(x, 1))).toEqual([0, 2, 3, 0, 0, 6, 0, 0, 0]);
  expect(String(tril(constant([1, 0], [1, 2], "bool")))).toBe("Tensor(bool [1, 2])");
});

test("operands that do not fit each other are refused with both sizes", () => {
  const [q, k] = [constant(0, [2, 3, 4, 8]), constant(0, [2, 5, 2, 8])];
  expect(refusal(() => attention(q, constant(0, [2, 5, 2, 7]), k))).toMatchInlineSnapshot(`
    "ShapeError E204 nn.attention: d is 8 in q but 7 in k, in (b,t,h,d),(b,s,k,d),(b,s,k,e)->(b,t,h,e).
      q: float32 [2, 3, 4, 8]
      k: float32 [2, 5, 2, 7]
      v: float32 [2, 5, 2, 8]"
  `);
  expect(refusal(() => attention(q, constant(0, [2, 5, 3, 8]), constant(0, [2, 5, 3, 8])))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.attention: 4 heads of q are no multiple of 3 heads of k and v, in (b,t,h,d),(b,s,k,d),(b,s,k,e)->(b,t,h,e).
      q: float32 [2, 3, 4, 8]
      k: float32 [2, 5, 3, 8]
      v: float32 [2, 5, 3, 8]
      fix: use a multiple of 3 heads in q."
  `);
  expect(refusal(() => attention(constant(0, [2, 3, 8]), k, k))).toMatchInlineSnapshot(`
    "ShapeError E206 nn.attention: q has rank 3, not 4, in (b,t,h,d),(b,s,k,d),(b,s,k,e)->(b,t,h,e).
      q: float32 [2, 3, 8]
      k: float32 [2, 5, 2, 8]
      v: float32 [2, 5, 2, 8]
      fix: give (batch, place, head, feature)."
  `);
  expect(refusal(() => attention(q, k, k, { mask: constant(1, [3, 4], "bool") }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.attention: mask is [1, 1, 3, 4] where [2, 4, 3, 5] is wanted, in (b,h,t,s).
      q: float32 [2, 3, 4, 8]
      k: float32 [2, 5, 2, 8]
      v: float32 [2, 5, 2, 8]
      extras[0]: bool [1, 1, 3, 4]
      fix: any of its sizes may be 1 instead."
  `);
  expect(refusal(() => attention(q, k, k, { mask: constant(1, [3, 5]) }))).toMatchInlineSnapshot(`
    "DTypeError E201 attention: mask is float32 where bool is wanted.
      mask: float32 [3, 5]
      fix: compare it, for example mask.notEqual(0), or pass it as bias to add it to the scores."
  `);
  expect(refusal(() => attention(q, k, k, { isCausal: true } as object))).toMatchInlineSnapshot(`
    "OptionError E801 attention: unknown option isCausal.
      fix: did you mean causal?"
  `);
  expect(refusal(() => attention(input(spec([2, 3, 4, "D"])), k, k))).toMatchInlineSnapshot(`
    "OptionError E802 attention: scale is missing, and the last axis of q has a symbolic size.
      q: float32 [2, 3, 4, D]
      fix: give scale."
  `);
  expect(refusal(() => tril(constant([1])))).toMatchInlineSnapshot(`
    "ShapeError E206 tril: x has rank 1, below 2, in (…,m,n)->(…,m,n).
      x: float32 [1]
      fix: give a matrix, or a stack of matrices."
  `);
});

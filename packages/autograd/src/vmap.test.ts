import { evaluateTensors } from "@tenon/interpreter";
import { constant, defineOp, stopGradient, type Tensor, topologicalOrder } from "@tenon/ir";
import { expect, test } from "vitest";
import { grad } from "./grad.ts";
import { refusal } from "./refusal.test-kit.ts";
import { vmap } from "./vmap.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];

test("axes of examples are taken from and put to where they are asked for", () => {
  const x = constant([1, 2, 3, 4, 5, 6]).reshape([2, 3]);
  const f = (v: Tensor, c: Tensor) => v.mul(c);
  const columns = vmap(f, { inAxes: [1, null], outAxes: 1 })(x, constant([10, 100]));
  expect([columns.shape, valueOf(columns)]).toEqual([
    [2, 3],
    [10, 20, 30, 400, 500, 600],
  ]);
  const sums = vmap((v: Tensor) => v.sum(), { inAxes: -2 })(x);
  expect(valueOf(sums)).toEqual([6, 15]);
});

test("results that are the same for every example are repeated, or given once on request", () => {
  const c = constant([7, 8]);
  const [x, y] = vmap((x: Tensor) => [x, c], { outAxes: [0, null] })(constant([1, 2, 3]));
  expect([x!, y!].map((t) => t.shape)).toEqual([[3], [2]]);
  expect(vmap((_x: Tensor) => c)(constant([1, 2, 3])).shape).toEqual([3, 2]);
});

test("maps nest, and go into and out of derivatives", () => {
  const x = constant([1, 2, 3]);
  const table = vmap((a: Tensor) => vmap((b: Tensor) => a.mul(b).add(a))(x))(x);
  expect(valueOf(table)).toEqual([2, 3, 4, 4, 6, 8, 6, 9, 12]);
  const f = (w: Tensor, x: Tensor) => w.mul(x).sin();
  const each = vmap(grad(f), { inAxes: [null, 0] })(constant(2), x);
  valueOf(each).forEach((g, i) => {
    expect(g).toBeCloseTo((i + 1) * Math.cos(2 * (i + 1)), 12);
  });
  const total = grad((w: Tensor) => vmap(f, { inAxes: [null, 0] })(w, x).sum())(constant(2));
  expect(valueOf(total)[0]).toBeCloseTo(
    valueOf(each).reduce((a, b) => a + b),
    12,
  );
});

/** x², with a derivative of its own and no batching rule. */
const odd = defineOp({
  name: "test.odd",
  version: 1,
  numeric: "exact",
  inputs: ["x", "scale"],
  shape: ([x]) => x.shape,
  decompose: ([x, scale]) => x.mul(x).mul(scale),
  vjp: ([x], _results, [dy]) => [dy.mul(5), dy.mul(x).sum()],
});

test("a composite that is mapped over keeps the derivative it states", () => {
  const x = constant([1, 2, 3]);
  const f = (s: Tensor) => vmap((v: Tensor) => odd(v, s))(x);
  expect(valueOf(f(constant(2)))).toEqual([2, 8, 18]);
  expect(valueOf(grad((x: Tensor) => vmap((v: Tensor) => odd(v, constant(2)))(x).sum())(x))).toEqual([5, 5, 5]);
  expect(valueOf(grad((s: Tensor) => f(s).sum())(constant(2)))).toEqual([6]);
  const stopped = (x: Tensor) => vmap((v: Tensor) => stopGradient(v).mul(v))(x).sum();
  expect(valueOf(grad(stopped)(x))).toEqual([1, 2, 3]);
});

test("what does not depend on the examples is computed once", () => {
  const w = constant([1, 2]);
  const y = vmap((x: Tensor) => w.exp().mul(x))(constant([1, 2, 3]));
  const exps = topologicalOrder([y]).filter((node) => node.op.name === "exp");
  expect(exps.map((node) => node.results[0]!.shape)).toEqual([[2]]);
});

test("calls that cannot be mapped are refused", () => {
  const f = (x: Tensor, y: Tensor) => x.add(y);
  const [two, three] = [constant([1, 2]), constant([1, 2, 3])];
  expect(refusal(() => vmap(f)(two, three))).toMatchInlineSnapshot(`
    "ShapeError E203 vmap: argument 1 has 3 examples along axis 0 where others have 2.
      fix: map over axes of one size."
  `);
  expect(refusal(() => vmap(f, { inAxes: [0, 1] })(two, two))).toMatchInlineSnapshot(`
    "ShapeError E205 vmap: argument 1 is mapped over axis 1 but holds float32 [2].
      fix: give null in inAxes for what is the same for every example."
  `);
  expect(refusal(() => vmap(f, { inAxes: [0] })(two, two))).toMatchInlineSnapshot(`
    "OptionError E803 vmap: inAxes is [0] for 2 arguments.
      fix: give one axis, or a list with an axis or null for each."
  `);
  expect(refusal(() => vmap(f, { inAxes: null })(two, two))).toMatchInlineSnapshot(`
    "OptionError E803 vmap: no argument is mapped over.
      fix: give at least one axis in inAxes."
  `);
  expect(refusal(() => vmap(f, { outAxes: null })(two, two))).toMatchInlineSnapshot(`
    "OptionError E803 vmap: outAxes has null for result 0, which differs between examples.
      fix: give the axis where the examples shall lie."
  `);
});

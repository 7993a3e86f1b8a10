import { evaluateTensors } from "@tenon/interpreter";
import { constant, dimSymbol, input, type Tensor } from "@tenon/ir";
import { expect, test } from "vitest";
import { grad, jvp, valueAndGrad, vjp } from "./grad.ts";
import { hessian, jacobian } from "./jacobian.ts";
import { refusal } from "./refusal.test-kit.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];

test("grad differentiates by the first argument, or by those of argnums", () => {
  const f = (x: Tensor, y: Tensor) => x.mul(x).mul(y).sum();
  const [x, y] = [constant([1, 2]), constant([3, 4])];
  expect(valueOf(grad(f)(x, y))).toEqual([6, 16]);
  expect(valueOf(grad(f, { argnums: 1 })(x, y))).toEqual([1, 4]);
  const [value, [dy, dx]] = valueAndGrad(f, { argnums: [1, 0] })(x, y);
  expect([value, dy, dx].map(valueOf)).toEqual([[19], [1, 4], [6, 16]]);
});

test("arguments and gradients are trees", () => {
  const params = { layers: [{ weight: constant([1, 2]), bias: null }], scale: constant(3) };
  const f = (p: typeof params, x: Tensor) => p.layers[0]!.weight.mul(x).mul(p.scale).sum();
  const gradients = grad(f)(params, constant([5, 6]));
  expect(valueOf(gradients.layers[0]!.weight)).toEqual([15, 18]);
  expect(gradients.layers[0]!.bias).toBeNull();
  expect(valueOf(gradients.scale)).toEqual([17]);
});

test("a derivative inside a derivative takes the outer argument for a constant", () => {
  // d/dx (x · d/dy (x + y)) = 1, where a confusion of the two derivatives gives 2
  const f = (x: Tensor) => x.mul(grad((y: Tensor) => x.add(y))(constant(1)));
  expect(valueOf(grad(f)(constant(1)))).toEqual([1]);
  const forward = (x: Tensor) => x.mul(jvp((y: Tensor) => x.add(y), [constant(1)], [constant(1)])[1]);
  expect(valueOf(jvp(forward, [constant(1)], [constant(1)])[1])).toEqual([1]);
  // the same with the outer argument as the point of the inner derivative: d/dx (d/dy (x · y²) at y = x) = d/dx 2x² = 4x
  const same = (x: Tensor) => grad((y: Tensor) => x.mul(y).mul(y))(x);
  expect(valueOf(grad(same)(constant(3)))).toEqual([12]);
});

test("derivatives nest to any order", () => {
  let f: (x: Tensor) => Tensor = (x) => x.sin();
  for (let i = 0; i < 5; i++) f = grad(f);
  expect(valueOf(f(constant(0.5)))[0]).toBeCloseTo(Math.cos(0.5), 12);
});

test("vjp pulls several cotangents back through one evaluation", () => {
  const f = (x: Tensor, n: Tensor) => ({ y: x.mul(n.cast("float32")), n: n.add(1) });
  const [{ y, n }, pullback] = vjp(f, constant([1, 2]), constant([3, 4], [2], "int32"));
  expect([y, n].map(valueOf)).toEqual([
    [3, 8],
    [4, 5],
  ]);
  const zero = constant([0, 0], [2], "int32");
  expect(pullback({ y: constant([1, 0]), n: zero }).map(valueOf)).toEqual([
    [3, 0],
    [0, 0],
  ]);
  expect(pullback({ y: constant([0, 1]), n: zero }).map(valueOf)[0]).toEqual([0, 4]);
});

test("a Hessian and Jacobians, in either mode, are those of the formula", () => {
  const f = (x: Tensor) => x.mul(x).mul(x).sum(); // Σ x³
  expect(valueOf(hessian(f)(constant([1, 2])))).toEqual([6, 0, 0, 12]);
  const outer = (x: Tensor) => x.reshape([2, 1]).mul(x.reshape([1, 2])); // x xᵀ
  for (const mode of ["reverse", "forward"] as const) {
    const j = jacobian(outer, { mode })(constant([3, 5]));
    expect([j.shape, valueOf(j)]).toEqual([
      [2, 2, 2],
      [6, 0, 5, 3, 5, 3, 0, 10],
    ]);
  }
});

test("symbolic sizes are differentiated as they are", () => {
  const x = input({ dtype: "float32", shape: [dimSymbol("B"), 3] });
  const gradient = grad((x: Tensor) => x.mul(x).sum())(x);
  expect(gradient.shape.map(String)).toEqual(["B", "3"]);
  const point = { dtype: "float32" as const, shape: [1, 3], data: Float64Array.of(1, 2, 3) };
  expect([...evaluateTensors([gradient], new Map([[x, point]]))[0]!.data]).toEqual([2, 4, 6]);
});

test("what has no gradient is refused with the way out", () => {
  const n = constant([1, 2], [2], "int32");
  expect(refusal(() => grad((x: Tensor) => x.mul(2))(constant([1, 2])))).toMatchInlineSnapshot(`
    "DifferentiationError E604 grad: the function's result is not one float.
      result 0: float32 [2]
      fix: reduce it first, for example with sum(), or use vjp or jacobian."
  `);
  expect(refusal(() => grad((x: Tensor) => x.sum())(n))).toMatchInlineSnapshot(`
    "DifferentiationError E611 grad: an argument holds int32 [2], and only floats have gradients.
      fix: leave it out of argnums, or cast it to a float."
  `);
  expect(refusal(() => grad((x: Tensor) => x, { argnums: 1 })(constant(1)))).toMatchInlineSnapshot(`
    "OptionError E803 grad: argnums holds 1, but the function is called with 1 argument.
      fix: count arguments from 0."
  `);
  expect(refusal(() => grad((async (x: Tensor) => x) as never)(constant(1)))).toMatchInlineSnapshot(`
    "StateError E404 grad: the result is a promise.
      fix: make the function synchronous: values cannot be read while it is traced."
  `);
  expect(refusal(() => grad((x: number) => constant(x))(3))).toMatchInlineSnapshot(`
    "StateError E404 grad: an argument holds 3, which is no tensor.
      fix: use tensors, or records and lists of them."
  `);
  expect(refusal(() => vjp((x: Tensor) => x, n)[1](constant(1)))).toMatchInlineSnapshot(`
    "DifferentiationError E605 vjp: cotangent 0 is float32 [] where int32 [2] is wanted.
      fix: give a cotangent of the same shape and dtype for each tensor."
  `);
});

test("cotangents and tangents of a record go by key, and those of another structure are refused", () => {
  const both = (x: Tensor) => ({ a: x.mul(2), b: x.mul(3) });
  const [, pullback] = vjp(both, constant(1));
  const [one, zero] = [constant(1), constant(0)];
  expect([pullback({ a: one, b: zero })[0], pullback({ b: zero, a: one })[0]].map(valueOf)).toEqual([[2], [2]]);
  const weighed = ({ a, b }: { a: Tensor; b: Tensor }) => a.mul(2).add(b.mul(3));
  const point = { a: one, b: one };
  expect(valueOf(jvp(weighed, [point], [{ b: zero, a: one }])[1])).toEqual([2]);
  expect(() => pullback({ a: one } as never)).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 vjp: the tree has a record {a} where a record {a, b} is wanted.
      at: the root
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(refusal(() => jvp((x: Tensor) => x, one as never, one as never))).toMatchInlineSnapshot(`
    "OptionError E803 jvp: primals is Tensor(float32 []), which is no list.
      fix: give one list, for example jvp(f, [x], [dx])."
  `);
});

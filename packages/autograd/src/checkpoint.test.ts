import { evaluateTensors } from "@tenon/interpreter";
import { constant, type Fn, input, scan, type Tensor, topologicalOrder } from "@tenon/ir";
import { expect, test } from "vitest";
import { checkpoint } from "./checkpoint.ts";
import { grad, jvp, valueAndGrad } from "./grad.ts";
import { vmap } from "./vmap.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];
const f = (x: Tensor) => x.sin().exp().tanh();

test("a checkpointed function has the value and the derivatives of the function", () => {
  const loss = (g: typeof f) => (x: Tensor) => g(g(x)).sum();
  const x = constant([0.1, 0.2]);
  const [value, gradient] = valueAndGrad(loss(checkpoint(f)))(x);
  const [wanted, wantedGradient] = valueAndGrad(loss(f))(x);
  expect([value, gradient].map(valueOf)).toEqual([wanted, wantedGradient].map(valueOf));
  const second = (g: typeof f) => valueOf(grad((x: Tensor) => grad(loss(g))(x).sum())(x));
  second(checkpoint(f)).forEach((h, i) => {
    expect(h).toBeCloseTo(second(f)[i]!, 12);
  });
  const pushed = (g: typeof f) => valueOf(jvp(g, [x], [x])[1]);
  pushed(checkpoint(f)).forEach((t, i) => {
    expect(t).toBeCloseTo(pushed(f)[i]!, 12);
  });
  expect(valueOf(vmap(checkpoint(f))(x))).toEqual(valueOf(f(x)));
});

test("the gradient reads no value of the forward pass but the arguments", () => {
  const [x, w] = [input({ dtype: "float32", shape: [4] }), input({ dtype: "float32", shape: [4] })];
  const [value, gradient] = valueAndGrad((x: Tensor) => checkpoint((x: Tensor) => f(x.mul(w)))(x).sum())(x);
  const made = new Set(topologicalOrder([value]).filter((node) => node.inputs.length > 0));
  const backward = topologicalOrder([gradient]).filter((node) => !made.has(node));
  expect(backward.filter((node) => node.inputs.some((t) => made.has(t.node)))).toEqual([]);
});

test("the second computation waits behind a barrier for the cotangents", () => {
  const x = input({ dtype: "float32", shape: [4] });
  const gradient = grad((x: Tensor) => checkpoint(f)(x).mul(x).sum())(x);
  const order = topologicalOrder([gradient]);
  const [barrier, ...others] = order.filter((node) => node.op.name === "barrier");
  expect(others).toEqual([]);
  expect(barrier!.inputs[0]).toBe(x);
  expect(barrier!.inputs.length).toBe(2);
  const calls = order.filter((node) => node.op.name === "call" && node.inputs.some((t) => t.node === barrier));
  expect(calls.map(({ attrs }) => (attrs.fn as Fn).name)).toEqual(["checkpoint_forward", "checkpoint_backward"]);
});

test("inside a loop it keeps the carries alone", () => {
  const loop = (body: typeof f) => (h: Tensor) =>
    scan(([h]) => [[body(h!)], []], [h], [], { length: 3 }).carry[0]!.sum();
  const h = constant([0.1, 0.2]);
  const stacks = (g: typeof f) =>
    topologicalOrder([grad(loop(g))(h)])
      .filter((node) => node.op.name === "scan")
      .flatMap((node) => node.results.filter(({ shape }) => shape.length === 2)).length;
  expect([stacks(f), stacks(checkpoint(f))]).toEqual([3, 1]);
  valueOf(grad(loop(checkpoint(f)))(h)).forEach((g, i) => {
    expect(g).toBeCloseTo(valueOf(grad(loop(f))(h))[i]!, 12);
  });
});

test("trees go in and out", () => {
  const g = checkpoint(({ a, b }: { a: Tensor; b: Tensor[] }) => [a.mul(b[0]!), { c: a }] as const);
  const [y, { c }] = g({ a: constant(2), b: [constant(3)] });
  expect([y, c].map(valueOf)).toEqual([[6], [2]]);
});

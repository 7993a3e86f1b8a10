import { evaluateTensors } from "@tenon/interpreter";
import { call, cond, constant, type Tensor, topologicalOrder, trace, whileLoop } from "@tenon/ir";
import { expect, test } from "vitest";
import { grad, jvp, valueAndGrad } from "./grad.ts";
import { refusal } from "./refusal.test-kit.ts";
import { vmap } from "./vmap.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];
const nodes = (tensors: readonly Tensor[], name: string) =>
  topologicalOrder(tensors).filter((node) => node.op.name === name);
const int = (value: number) => constant(value, [], "int32");

/** log x, x² or a constant. */
const choose = (index: Tensor, x: Tensor): Tensor =>
  cond(index, [() => [x.log()], () => [x.mul(x)], () => [constant(7)]])[0]!;

test("a branch has its own gradient, and the index is clamped to the branches", () => {
  const at = (i: number) => valueOf(grad((x: Tensor) => choose(int(i), x))(constant(4)));
  expect([at(-3), at(0), at(1), at(2), at(9)]).toEqual([[0.25], [0.25], [8], [0], [0]]);
});

test("what is not chosen is not computed, so that its infinities stay out of the gradient", () => {
  const f = (x: Tensor) =>
    cond(
      x.greater(0),
      () => [x.log()],
      () => [x.mul(0)],
    )[0]!;
  expect(valueOf(grad(f)(constant(0)))).toEqual([0]);
  expect(valueOf(f(constant(0)))).toEqual([0]);
});

test("the branches run once for value and gradient, and share slots for what they save", () => {
  const f = (x: Tensor) =>
    cond(
      x.sum().greater(0),
      () => [x.exp()],
      () => [x.tanh()],
    )[0]!.sum();
  const [value, gradient] = valueAndGrad(f)(constant([1, 2]));
  const [forward, ...others] = nodes([value, gradient], "cond");
  expect(others.length).toBe(1);
  expect(forward!.results.map(({ shape }) => shape.join())).toEqual(["2", "2"]);
});

test("forward mode and second order go through a branch", () => {
  const f = (x: Tensor) => choose(int(1), x);
  expect(valueOf(jvp(f, [constant(3)], [constant(2)])[1])).toEqual([12]);
  expect(valueOf(grad(grad(f))(constant(3)))).toEqual([2]);
});

test("mapped over one index, one branch runs; mapped over many, each example takes its own", () => {
  const xs = constant([1, 2, 4]);
  const same = vmap(choose, { inAxes: [null, 0] })(int(1), xs);
  expect([valueOf(same), nodes([same], "cond").length]).toEqual([[1, 4, 16], 1]);
  const apart = vmap(choose)(constant([-1, 1, 5], [3], "int32"), xs);
  expect([valueOf(apart), nodes([apart], "cond").length]).toEqual([[0, 4, 7], 0]);
});

test("branches of different types are refused", () => {
  const x = constant([1, 2]);
  expect(refusal(() => cond(int(0), [() => [x], () => [x.sum()]]))).toMatchInlineSnapshot(`
    "ShapeError E202 cond: result 0 of branch 1 is float32 [] where float32 [2] is wanted.
      index: int32 []"
  `);
  expect(refusal(() => cond(int(0), [() => [x]]))).toMatchInlineSnapshot(`
    "ShapeError E209 cond: 1 function given, at least 2 wanted.
      index: int32 []"
  `);
  expect(refusal(() => cond(constant(0), [() => [x], () => [x]]))).toMatchInlineSnapshot(`
    "DTypeError E201 cond: index is float32 where int32 is wanted.
      index: float32 []
      fix: cast it."
  `);
});

/** x doubled until it passes the limit. */
const double = (x: Tensor, limit: Tensor, maxTrip?: number): Tensor =>
  whileLoop(
    ([y]) => y!.less(limit),
    ([y]) => [y!.add(y!)],
    [x],
    maxTrip === undefined ? {} : { maxTrip },
  )[0]!;

test("a bounded while has the gradient of the trips it made", () => {
  const f = (x: Tensor) => double(x, constant(10), 8);
  expect(valueOf(f(constant(3)))).toEqual([12]);
  expect(valueOf(grad(f)(constant(3)))).toEqual([4]);
  expect(valueOf(grad((x: Tensor) => double(x, constant(10), 1))(constant(3)))).toEqual([2]);
});

test("an unbounded while has forward mode, and an error in reverse", () => {
  const f = (x: Tensor) => double(x, constant(10));
  expect(jvp(f, [constant(3)], [constant(5)]).map(valueOf)).toEqual([[12], [20]]);
  expect(refusal(() => grad(f)(constant(3)))).toMatchInlineSnapshot(`
    "DifferentiationError E608 while: a loop without a bound on its trips has no reverse mode.
      fix: give maxTrip, or use scan."
  `);
});

test("forward mode through a while follows constants of the loop too", () => {
  const f = (x: Tensor, step: Tensor) =>
    whileLoop(
      ([y]) => y!.less(10),
      ([y]) => [y!.add(step)],
      [x],
    )[0]!;
  expect(jvp(f, [constant(1), constant(4)], [constant(0), constant(1)]).map(valueOf)).toEqual([[13], [3]]);
});

test("mapped over, each example stops at its own trip", () => {
  const xs = constant([1, 3, 20]);
  expect(valueOf(vmap(double, { inAxes: [0, null] })(xs, constant(10)))).toEqual([16, 12, 20]);
  expect(valueOf(vmap(double, { inAxes: [null, 0] })(constant(1), xs))).toEqual([1, 4, 32]);
  const trips = (x: Tensor) =>
    whileLoop(
      ([i]) => i!.less(3),
      ([i, y]) => [i!.add(1), y!.mul(2)],
      [int(0), x],
    )[1]!;
  expect(valueOf(vmap(trips)(xs))).toEqual([8, 24, 160]);
});

test("a function called twice is transformed once", () => {
  const { fn } = trace((x) => [x.sin()], [constant(0)], { name: "wave" });
  const f = (x: Tensor) => call(fn, call(fn, [x]))[0]!;
  const [value, gradient] = valueAndGrad(f)(constant(0.5));
  const calls = nodes([value, gradient], "call");
  expect(new Set(calls.map(({ attrs }) => attrs.fn)).size).toBe(2);
  expect(calls.map(({ attrs }) => (attrs.fn as typeof fn).name).sort()).toEqual([
    "wave_backward",
    "wave_backward",
    "wave_forward",
    "wave_forward",
  ]);
  expect(valueOf(gradient)[0]).toBeCloseTo(Math.cos(Math.sin(0.5)) * Math.cos(0.5), 12);
  expect(valueOf(jvp(f, [constant(0.5)], [constant(1)])[1])).toEqual(valueOf(gradient));
  expect(valueOf(vmap(f)(constant([0, 0.5])))[1]).toBeCloseTo(Math.sin(Math.sin(0.5)), 12);
});

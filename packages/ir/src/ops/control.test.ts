import { evaluateTensors } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { cond, constant, input, scan, spec, type Tensor, trace, whileLoop } from "../index.ts";

const valuesOf = (...tensors: Tensor[]) => evaluateTensors(tensors).map(({ data }) => [...data]);

test("scan hands the carry on and stacks the rest, each at the place of its slice, in either direction", () => {
  const running = (reverse: boolean) =>
    scan(([sum], [x]) => [[sum!.add(x!)], [sum!]], [constant(0)], [constant([1, 2, 3])], { reverse });
  const [forward, backward] = [running(false), running(true)];
  expect(valuesOf(forward.carry[0]!, forward.ys[0]!)).toEqual([[6], [0, 1, 3]]);
  expect(valuesOf(backward.carry[0]!, backward.ys[0]!)).toEqual([[6], [5, 3, 0]]);
});

test("a loop over nothing returns what it was given, and empty stacks", () => {
  const { carry, ys } = scan(([h], [x]) => [[h!.mul(x!)], [h!.add(x!)]], [constant(5)], [constant([], [0])]);
  expect([...valuesOf(carry[0]!, ys[0]!), ys[0]!.shape]).toEqual([[5], [], [0]]);
});

test("carries may change places", () => {
  const { carry } = scan(([a, b]) => [[b!, a!.add(b!)], []], [constant(0), constant(1)], [], { length: 10 });
  expect(valuesOf(carry[0]!)).toEqual([[55]]);
});

test("what a body uses from outside is a constant of the loop, and what it computes from that alone is computed once", () => {
  const [w, x] = [input(spec([2, 2])), input(spec([3, 2]))];
  const { carry } = scan(([h], [x]) => [[w.transpose().matmul(h!).add(x!)], []], [constant([0, 0])], [x]);
  expect(carry[0]!.attrs.kinds).toEqual(["carry", "xs", "const"]);
  expect(carry[0]!.inputs[2]!.op.name).toBe("transpose");
});

test("cond runs the branch of the index, clamped, and a predicate chooses the first of two", () => {
  const of = (i: number) =>
    cond(
      constant(i, [], "int32"),
      [10, 20, 30].map((v) => () => [constant(v)]),
    )[0]!;
  expect(valuesOf(of(-1), of(0), of(1), of(2), of(7))).toEqual([[10], [10], [20], [30], [30]]);
  const when = (p: boolean) =>
    cond(
      constant(p),
      () => [constant(1)],
      () => [constant(2)],
    )[0]!;
  expect(valuesOf(when(true), when(false))).toEqual([[1], [2]]);
});

test("while runs as long as the condition holds, never more than max_trip times, and not at all if it fails at once", () => {
  const limit = constant(100);
  const loop = (start: number, maxTrip?: number) =>
    whileLoop(
      ([x]) => x!.less(limit),
      ([x, n]) => [x!.mul(2), n!.add(1)],
      [constant(start), constant(0, [], "int32")],
      maxTrip === undefined ? {} : { maxTrip },
    );
  expect(valuesOf(...loop(3))).toEqual([[192], [6]]);
  expect(valuesOf(...loop(3, 2))).toEqual([[12], [2]]);
  expect(valuesOf(...loop(3, 0))).toEqual([[3], [0]]);
  expect(valuesOf(...loop(1000))).toEqual([[1000], [0]]);
});

test("condition and body of a while share the tensors that they use from outside", () => {
  const [limit, step] = [input(spec([])), input(spec([]))];
  const { captured } = trace(
    () =>
      whileLoop(
        ([x]) => x!.less(limit),
        ([x]) => [x!.add(step).minimum(limit)],
        [constant(0)],
      ),
    [],
    { inside: true },
  );
  expect(captured).toEqual([limit, step]);
});

test("regions that do not fit are refused", () => {
  const bad = () =>
    whileLoop(
      ([x]) => x!,
      ([x]) => [x!],
      [constant(0)],
    );
  expect(bad).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 while: result 0 of cond is float32 [] where bool [] is wanted.
      args[0]: float32 []
      at: control.test.ts:80]
  `);
  const grows = () =>
    whileLoop(
      ([x]) => x!.sum().less(3),
      ([x]) => [x!.reshape([1, 2])],
      [constant([0, 0])],
    );
  expect(grows).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 while: carry 0 of body is float32 [1, 2] where float32 [2] is wanted.
      args[0]: float32 [2]
      at: control.test.ts:91]
  `);
});

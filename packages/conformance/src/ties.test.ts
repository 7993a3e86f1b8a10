import { backward, forward } from "@tenon/autograd";
import { evaluateTensors } from "@tenon/interpreter";
import * as ir from "@tenon/ir";
import { expect, test } from "vitest";

const { constant } = ir;
type F = (...args: ir.Tensor[]) => ir.Tensor;

/** Cotangents of all arguments for a cotangent of ones, and the tangent for tangents of ones in one argument at a time. */
function derivativesAt(f: F, ...args: ir.Tensor[]): { vjp: number[][]; jvp: number[][] } {
  const y = f(...args);
  const one = (t: ir.Tensor) => ir.splat(1, t.shape, t.dtype);
  const { gradients } = backward([y], args, [one(y)]);
  const tangents = args.map((x) => forward([y], [x], [one(x)]).tangents[0] ?? ir.splat(0, y.shape, y.dtype));
  const values = (list: readonly ir.Tensor[]) => evaluateTensors(list).map(({ data }) => [...data].map((x) => x + 0)); // −0 becomes 0
  return {
    vjp: values(gradients.map((g, i) => g ?? ir.splat(0, args[i]!.shape, args[i]!.dtype))),
    jvp: values(tangents),
  };
}

test("max and min over an axis split the gradient among ties", () => {
  const x = () => constant([3, 1, 3, 1]);
  expect(derivativesAt((x) => ir.max(x), x()).vjp).toEqual([[0.5, 0, 0.5, 0]]);
  expect(derivativesAt((x) => ir.min(x), x()).vjp).toEqual([[0, 0.5, 0, 0.5]]);
  const along = (f: F) => forward([f(pair)], [pair], [constant([1, 10, 100, 1000])]).tangents[0]!;
  const pair = x();
  expect([...evaluateTensors([along((x) => ir.max(x))])[0]!.data]).toEqual([50.5]);
  expect([...evaluateTensors([along((x) => ir.min(x))])[0]!.data]).toEqual([505]);
});

test("maximum and minimum of equal operands give half to each", () => {
  for (const f of [ir.maximum, ir.minimum]) {
    expect(derivativesAt(f as F, constant([2]), constant([2]))).toEqual({ vjp: [[0.5], [0.5]], jvp: [[0.5], [0.5]] });
  }
});

test("relu and abs have slope 0 at 0", () => {
  for (const f of [ir.relu, ir.abs]) {
    expect(derivativesAt(f as F, constant([0, -0]))).toEqual({ vjp: [[0, 0]], jvp: [[0, 0]] });
  }
});

test("sorting keeps the order of equal keys, and so does its derivative", () => {
  const keys = constant([2, 1, 2, 1]);
  const y = ir.sort(keys).mul(constant([1, 2, 3, 4]));
  const { gradients } = backward([y], [keys], [constant([1, 1, 1, 1])]);
  expect([...evaluateTensors([gradients[0]!])[0]!.data]).toEqual([3, 1, 4, 2]);
  const { tangents } = forward([y], [keys], [constant([1, 10, 100, 1000])]);
  expect([...evaluateTensors([tangents[0]!])[0]!.data]).toEqual([10, 2000, 3, 400]);
});

test("argmax and topK take the first of equal entries", () => {
  const x = constant([1, 3, 3]);
  expect([...evaluateTensors([ir.argmax(x)])[0]!.data]).toEqual([1]);
  const [values] = ir.topK(x, 1);
  const { gradients } = backward([values!], [x], [ir.splat(1, values!.shape, "float32")]);
  expect([...evaluateTensors([gradients[0]!])[0]!.data]).toEqual([0, 1, 0]);
});

test("a product over zeros has the exact gradient", () => {
  const at = (...x: number[]) => derivativesAt((x) => ir.prod(x), constant(x)).vjp[0];
  expect([at(2, 0, 3), at(0, 0, 3), at(2, 5, 3)]).toEqual([
    [0, 6, 0],
    [0, 0, 0],
    [15, 6, 10],
  ]);
});

test("pow has no slope in the base at exponent 0, and none in the exponent at base 0", () => {
  expect(derivativesAt(ir.pow as F, constant([0, 3]), constant([0, 0])).vjp[0]).toEqual([0, 0]);
  expect(derivativesAt(ir.pow as F, constant([0]), constant([2])).vjp).toEqual([[0], [0]]);
});

import { evaluateTensors } from "@tenon/interpreter";
import { add, constant, input, mul, type Tensor, topologicalOrder, withScope } from "@tenon/ir";
import { expect, test } from "vitest";
import { backward } from "./vjp.ts";

const scalar = (value: number) => constant(value, []);
const valuesOf = (tensors: readonly (Tensor | null)[]) =>
  evaluateTensors(tensors.map((t) => t!)).map(({ data }) => [...data]);

test("a value used twice gets the sum of both cotangents", () => {
  const x = constant([2, 3]);
  const y = x.mul(x).add(x); // x² + x
  const { gradients } = backward([y], [x], [constant([1, 10])]);
  expect(valuesOf(gradients)).toEqual([[5, 70]]);
});

test("a broadcast operand gets the sum over the axes it was repeated along", () => {
  const x = constant([1, 2, 3]);
  const c = scalar(4);
  const { gradients } = backward([x.mul(c)], [x, c], [constant([1, 1, 1])]);
  expect(valuesOf(gradients)).toEqual([[4, 4, 4], [6]]);
});

test("what no output depends on, or only through integers, has no gradient", () => {
  const x = constant([1, 2]);
  const z = constant([1, 2]);
  const y = x.mul(x.cast("int32").cast("float32"));
  const { gradients } = backward([y], [x, z], [constant([1, 1])]);
  expect(gradients[1]).toBeNull();
  expect(valuesOf([gradients[0]!])).toEqual([[1, 2]]);
});

test("an intermediate value may be differentiated in, together with what it is computed from", () => {
  const x = scalar(3);
  const u = x.mul(x);
  const { gradients } = backward([u.mul(u)], [x, u], [scalar(1)]);
  expect(valuesOf(gradients)).toEqual([[108], [18]]);
});

test("a cotangent of another type is refused", () => {
  const x = constant([1, 2]);
  expect(() => backward([x.mul(2)], [x], [scalar(1)])).toThrowErrorMatchingInlineSnapshot(`
    [DifferentiationError E605 vjp: the cotangent is float32 [] but the output is float32 [2].
      fix: give a cotangent of the output's shape and dtype.]
  `);
});

test("the nodes of a derivative belong to the layer whose value they are a derivative of", () => {
  const x = constant([1, 2]);
  const y = withScope("encoder", () => withScope("dense1", () => x.sin()));
  const { gradients } = backward([y], [x], [constant([1, 1])]);
  const added = topologicalOrder([gradients[0]!]).filter((node) => node.scope !== undefined);
  expect(added.map((node) => [node.op.name, node.scope])).toEqual([
    ["cos", "encoder.dense1"],
    ["mul", "encoder.dense1"],
  ]);
});

test("a chain of 200,000 nodes is differentiated without recursion", () => {
  const x = input({ dtype: "float32", shape: [] });
  let y = x;
  for (let i = 0; i < 100_000; i++) y = add(mul(y, x), x);
  const start = performance.now();
  const { gradients } = backward([y], [x], [scalar(1)]);
  console.log(`200,000 nodes differentiated in ${Math.round(performance.now() - start)} ms`);
  expect(topologicalOrder([gradients[0]!]).length).toBeGreaterThan(200_000);
});

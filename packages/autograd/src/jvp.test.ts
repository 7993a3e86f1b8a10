import { evaluateTensors } from "@tenon/interpreter";
import { add, constant, input, mul, type Tensor, topologicalOrder } from "@tenon/ir";
import { expect, test } from "vitest";
import { batch } from "./batch.ts";
import { forward } from "./jvp.ts";
import { refusal } from "./refusal.test-kit.ts";

const valuesOf = (tensors: readonly (Tensor | null)[]) =>
  evaluateTensors(tensors.map((t) => t!)).map(({ data }) => [...data]);
const long = (x: Tensor): Tensor => {
  let y = x;
  for (let i = 0; i < 100_000; i++) y = add(mul(y, x), x);
  return y;
};

test("tangents of several inputs add up, and null is none", () => {
  const [x, y] = [constant([1, 2]), constant([3, 4])];
  const product = x.mul(y);
  const ones = constant([1, 1]);
  expect(valuesOf(forward([product], [x, y], [ones, ones]).tangents)).toEqual([[4, 6]]);
  expect(valuesOf(forward([product], [x, y], [null, ones]).tangents)).toEqual([[1, 2]]);
  expect(forward([product], [x, y], [null, null]).tangents).toEqual([null]);
});

test("an op linear in its operands is applied to the tangents", () => {
  const x = constant([1, 2, 3]);
  const { tangents } = forward([x.reshape([3, 1]).broadcastTo([3, 2]).sum()], [x], [constant([1, 10, 100])]);
  expect(valuesOf(tangents)).toEqual([[222]]);
  const names = topologicalOrder([tangents[0]!]).map((node) => node.op.name);
  expect(names).toEqual(["constant", "reshape", "broadcast", "reduce"]);
});

test("a tangent of an integer is refused", () => {
  const n = constant([1], [1], "int32");
  expect(refusal(() => forward([n.cast("float32")], [n], [n]))).toMatchInlineSnapshot(`
    "DifferentiationError E605 jvp: the tangent is int32 [1] but the input is int32 [1].
      fix: give a tangent of the input's shape and dtype, for float inputs only."
  `);
});

test("chains of 200,000 nodes are pushed forward and batched without recursion", () => {
  const x = input({ dtype: "float32", shape: [] });
  const y = long(x);
  let start = performance.now();
  forward([y], [x], [constant(1)]);
  console.log(`200,000 nodes in forward mode: ${Math.round(performance.now() - start)} ms`);
  start = performance.now();
  const { results } = batch([y], new Map([[x, constant([1, 2])]]), 2);
  console.log(`200,000 nodes batched: ${Math.round(performance.now() - start)} ms`);
  expect(results[0]!.shape).toEqual([2]);
});

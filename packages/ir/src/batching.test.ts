import { vmap } from "@tenon/autograd";
import { expect, test } from "vitest";
import { batchingOf } from "./batching.ts";
import { allOps, input, reduceOp, type Tensor } from "./index.ts";

test("every structural op but the leaves of a graph and the opaque one has a rule", () => {
  const without = allOps().filter((op) => op.kind === "structural" && op.inputs.length > 0 && !batchingOf(op));
  expect(without.map(({ name }) => name)).toEqual(["opaque"]);
});

test("a rule gives a list of results", () => {
  const x = input({ dtype: "float32", shape: [5, 2, 3] });
  const attrs = { op: "sum", axes: [1], acc: "float32" };
  const [y, ...more] = batchingOf(reduceOp)!([x], [true], attrs, 5, undefined as never);
  expect([y!.shape, more]).toEqual([[5, 2], []]);
});

test("vmap asks for it", () => {
  const x = input({ dtype: "float32", shape: [5, 2, 3] });
  const y = vmap((row: Tensor) => row.sum({ axis: 1 }))(x);
  expect([y.node.op, y.attrs.axes, y.shape]).toEqual([reduceOp, [2], [5, 2]]);
});

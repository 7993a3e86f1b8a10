import { jvp } from "@tenon/autograd";
import { expect, test } from "vitest";
import { allOps, defineOp, input, matmul, reduceOp, type Tensor } from "./index.ts";
import { jvpOf } from "./tangents.ts";

const x = input({ dtype: "float32", shape: [2, 3] });

test("every structural op is linear, has a rule for forward mode or a derivative that is transposed, or says why it has none", () => {
  const without = allOps().filter(
    (op) =>
      op.kind === "structural" && op.inputs.length > 0 && !jvpOf(op) && !op.linear && !op.vjp && !op.notDifferentiable,
  );
  expect(without.map(({ name }) => name)).toEqual([]);
});

test("a rule gives a list of tangents", () => {
  const attrs = { op: "sum", axes: [1], acc: "float32" };
  const [dy, ...more] = jvpOf(reduceOp)!([x], [x], [x], attrs, undefined as never);
  expect([dy!.shape, more]).toEqual([[2], []]);
});

test("what a record of another package states is used", () => {
  const twice = defineOp({
    name: "test.twice",
    version: 1,
    numeric: "exact",
    inputs: ["x"],
    shape: ([type]) => type.shape,
    decompose: ([t]) => t.mul(2),
    jvp: ([_t], [dt]) => dt?.mul(7) ?? null,
  });
  expect(jvpOf(twice.op)).toBe(twice.op.jvp);
  const [, dy] = jvp((t: Tensor) => twice(t), [x], [x]);
  expect([dy.node.op.name, dy.node.inputs[1]?.node.inputs[0]?.attrs.value]).toEqual(["mul", 7]);
});

test("forward mode asks for it", () => {
  const [, dy] = jvp((t: Tensor) => matmul(t, t.transpose()), [x], [x]);
  expect([dy.node.op.name, dy.shape]).toEqual(["add", [2, 2]]);
});

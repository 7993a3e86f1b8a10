import { evaluateTensors } from "@tenon/interpreter";
import { constant, type Tensor, topologicalOrder } from "@tenon/ir";
import { expect, test } from "vitest";
import { Beside } from "./arguments.ts";
import { checkpoint } from "./checkpoint.ts";
import { grad, jvp, vjp } from "./grad.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];

/** `x²`, and beside it its square root, which has no finite derivative at 0, and how many entries there are. */
const besides = (received: Tensor[]) => (x: Tensor) =>
  new Beside(x.mul(x).sum(), [x.mul(x).sqrt(), x.equal(x).cast("int32").sum()], (values) => {
    received.push(...values);
  }) as unknown as Tensor;

test("what stands beside the result of a function comes out as values, integers too, and is not differentiated", () => {
  const x = constant([0, 2]);
  const transforms: ((f: (x: Tensor) => Tensor) => number[])[] = [
    (f) => valueOf(grad(f)(x)),
    (f) => valueOf(vjp(f, x)[1](constant(1))[0]),
    (f) => valueOf(jvp(f, [x], [constant([0, 1])])[1]),
    (f) => valueOf(checkpoint(f)(x)),
  ];
  const found = transforms.map((transform) => {
    const received: Tensor[] = [];
    return [transform(besides(received)), ...received.map(valueOf)];
  });
  const beside = [[0, 2], [2]];
  expect(found).toEqual([
    [[0, 4], ...beside],
    [[0, 4], ...beside],
    [[4], ...beside],
    [[4], ...beside],
  ]);
});

test("it is rewritten with the result, so that a block that is differentiated in another form is computed once", () => {
  const received: Tensor[] = [];
  const block = checkpoint((x: Tensor) => x.sin());
  const [y] = vjp(
    (x: Tensor) => {
      const h = block(x);
      return new Beside(h.sum(), [h.mul(2)], (values) => received.push(...values)) as unknown as Tensor;
    },
    constant([1, 2]),
  );
  const calls = topologicalOrder([y, ...received]).filter((node) => node.op.name === "call");
  expect(calls).toHaveLength(1);
});

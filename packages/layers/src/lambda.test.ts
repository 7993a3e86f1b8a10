import "@tenon/interpreter";
import { dense, lambda, sequential } from "@tenon/layers";
import { type Context, key, setBackend, spec, type Tensor, tensor, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("a function is a layer, also one that changes the shape", async () => {
  const firstStep = (x: Tensor): Tensor => x.slice({ limit: [2, 1] });
  const model = built(sequential([lambda(firstStep), dense(2)]), spec([2, 3]));
  expect(model.layers[0]!.describe()).toBe("lambda firstStep");
  expect(
    model.call(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).shape,
  ).toEqual([2, 2]);
});

test("it is given what the layer is called with, and the context", async () => {
  const layer = lambda(([x, y]: readonly Tensor[], ctx: Context) => (ctx.isTraining ? x!.add(y!) : x!.sub(y!)));
  const inputs = [tensor([3]), tensor([1])];
  expect(await list(layer.call(inputs))).toEqual([2]);
  expect(await list(layer.call(inputs, training(key(0))))).toEqual([4]);
});

test("what is no function is refused", () => {
  expect(() => lambda("relu" as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 lambda: f is "relu", which is no function.
      fix: give a function of a tensor, as in lambda((x) => x.square()).]
  `);
});

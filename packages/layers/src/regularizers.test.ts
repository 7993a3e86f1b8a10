import "@tenon/interpreter";
import { batchNorm, dense, embedding, freeze, l1, l1l2, l2, regularization, sequential } from "@tenon/layers";
import { key, setBackend, spec, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const build = { key: key(0), inputs: spec(["B", 2]) };

test("penalties of all layers add up, biases and scales included", async () => {
  const model = sequential([
    dense(2, { kernelInit: "ones", kernelRegularizer: l2(0.5), biasInit: "ones", biasRegularizer: l1(0.25) }),
    batchNorm({ scaleRegularizer: l1l2({ l1: 1, l2: 2 }) }),
    dense(2),
  ]).build(build);
  expect(await regularization(model).item()).toBe(0.5 * 4 + 0.25 * 2 + (1 + 2) * 2);
});

test("a frozen Variable has no penalty, a shared layer one", async () => {
  const shared = dense(2, { kernelInit: "ones", kernelRegularizer: l2(1) });
  const model = sequential([shared, shared]).build(build);
  expect(await regularization(model).item()).toBe(4);
  freeze(model, "*.weight");
  expect(await regularization(model).item()).toBe(0);
});

test("an embedding has a penalty for its table", async () => {
  const layer = embedding(3, 2, { init: "ones", regularizer: l1(1) });
  layer.build({ key: key(0), inputs: spec(["B"], "int32") });
  expect(await regularization(layer).item()).toBe(6);
});

test("what is no regulariser is refused", () => {
  expect(() => dense(2, { kernelRegularizer: 0.01 as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 dense: kernelRegularizer is 0.01, which is no regulariser.
      fix: make one of the number, as in kernelRegularizer: l2(1e-4).]
  `);
  expect(() => l2(-1)).toThrow("E803");
  expect(() => l1l2({ l3: 1 } as never)).toThrow("unknown option l3");
});

test("any function of the values will do", async () => {
  const layer = dense(1, { kernelInit: "ones", kernelRegularizer: (w) => w.sum().mul(tensor(3)) }).build(build);
  expect(await regularization(layer).item()).toBe(6);
});

import "@tenon/interpreter";
import { batchNorm, freeze, sequential } from "@tenon/layers";
import { compile, key, setBackend, spec, type Tensor, tensor, training, valueAndGrad, variables } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const x = tensor([
  [1, 10],
  [3, 30],
]);
const make = (options = {}) => batchNorm({ momentum: 0.5, ...options }).build({ key: key(0), inputs: spec(["B", 2]) });
const read = async (t: { readonly value: Tensor }) => Array.from(await t.value.data());

test("training moves the statistics towards the batch's, the variance divided by n, and inference leaves them", async () => {
  const layer = make();
  layer.call(x, training(key(0)));
  layer.call(x, training(key(0)));
  layer.call(x);
  expect(await read(layer.movingMean)).toEqual([0.75 * 2, 0.75 * 20]);
  expect(await read(layer.movingVariance)).toEqual([0.25 + 0.75 * 1, 0.25 + 0.75 * 100]);
});

test("a compiled step does the same, and no gradient is taken of statistics", async () => {
  const layer = make();
  const step = compile((batch: Tensor) => {
    const [loss, gradients] = valueAndGrad(
      () =>
        layer
          .call(batch, training(key(0)))
          .square()
          .mean(),
      layer,
    );
    return { loss, gradients: gradients as Readonly<Record<string, Tensor>> };
  });
  const { gradients } = await step(x);
  expect(Object.keys(gradients)).toEqual(["scale", "bias"]);
  expect(await read(layer.movingMean)).toEqual([1, 10]);
});

test("statistics are Variables of that role", () => {
  const { movingMean, movingVariance } = make()[variables]() as never as Record<string, { role: string }>;
  expect([movingMean!.role, movingVariance!.role]).toEqual(["statistic", "statistic"]);
});

test("a layer whose scale and bias are frozen uses and keeps its statistics in training", async () => {
  const model = sequential({ norm: make() });
  freeze(model);
  const y = model.call(x, training(key(0)));
  expect(await y.data()).toEqual(await model.call(x).data());
  expect(await read((model.layers[0] as ReturnType<typeof make>).movingMean)).toEqual([0, 0]);
});

test("without scale and bias there is nothing to train", () => {
  const layer = make({ useScale: false, useBias: false });
  expect(Object.keys(layer[variables]()!)).toEqual(["movingMean", "movingVariance"]);
});

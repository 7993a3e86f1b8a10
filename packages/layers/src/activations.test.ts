import "@tenon/interpreter";
import { activation, dense, elu, leakyRelu, sequential } from "@tenon/layers";
import { key, relu, setBackend, spec, type Tensor, tensor, valueAndGrad, variable } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

test("large inputs of an exponential rectifier have finite gradients", async () => {
  const x = variable([1000, -1000]);
  const [, gradient] = valueAndGrad(() => elu(x.value).sum(), x);
  expect(Array.from(await gradient.data())).toEqual([1, 0]);
});

test("settings are those of the functions", async () => {
  const x = tensor([-1, 1]);
  expect(Array.from(await leakyRelu(x, { slope: 0.5 }).data())).toEqual([-0.5, 1]);
  expect(
    Array.from(
      await activation((y) => leakyRelu(y, { slope: 0.25 }))
        .call(x)
        .data(),
    ),
  ).toEqual([-0.25, 1]);
  expect(() => leakyRelu(x, { alpha: 1 } as never)).toThrow("unknown option alpha");
});

test("an activation by name or as the function is part of the matrix product", () => {
  for (const chosen of ["relu", relu] as const) {
    const layer = dense(2, { activation: chosen }).build({ key: key(0), inputs: spec(["B", 3]) });
    const y: Tensor = layer.call(tensor([[1, 2, 3]]));
    expect([y.op.name, y.attrs.act]).toEqual(["nn.linear", "relu"]);
    expect(layer.describe()).toBe("dense 2 relu, glorotUniform");
  }
});

test("integers, such as pixels, are taken as numbers", async () => {
  const model = sequential([dense(1, { kernelInit: "ones" })]).build({ key: key(0), inputs: spec(["B", 2], "uint8") });
  expect(await model.call(tensor([[255, 1]], { dtype: "uint8" })).item()).toBe(256);
});

import { differences, tolerances } from "@tenon/conformance";
import type { Kernel } from "@tenon/lowering";
import { compile, conv, einsum, grad, relu, type Tensor, zeros } from "@tenon/tensor";
import { expect, test } from "vitest";
import { expectBand } from "../../../conformance/src/network-losses.test-kit.ts";
import { networks } from "../../../conformance/src/networks.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { kernelsOfStep, numbers, textOf } from "./kernels-of-step.test-kit.ts";

type Layer = (x: Tensor, w: Tensor) => Tensor;

/** The gradients of a layer whose input is computed. */
const gradients = (layer: Layer) =>
  grad(
    (x: Tensor, w: Tensor) =>
      relu(layer(relu(x), w))
        .square()
        .sum(),
    { argnums: [0, 1] },
  );
const convolution =
  (padding: "valid" | "same", stride = 1): Layer =>
  (x, w) =>
    conv(x, w, { padding, stride });
const dense: Layer = (x, w) => einsum("bsi,ij->bsj", x, w);

const images = [
  ["B", 13, 13, 32],
  [3, 3, 32, 64],
];
const texts = [
  ["B", 64, 96],
  [96, 32],
];

/** Products with the matrices of their batch, composites by name. */
function nameOf(kernel: Kernel): string {
  if (kernel.kind === "claimed") return kernel.op;
  if (kernel.kind !== "dot") return kernel.name;
  const { batch } = kernel.sizes;
  return `${kernel.name} of ${batch.kind === "constant" ? batch.value : "?"}`;
}

test("the gradient of a convolution for its kernel is a product of parts, with a library and without", async () => {
  const kernels = ["maximum+compare", "nn.conv", "nn.conv", "dot of 11", "sum+transpose"];
  const step = gradients(convolution("valid"));
  for (const library of [true, false]) expect(await kernelsOfStep(step, images, nameOf, { library })).toEqual(kernels);
});

test.each(["valid", "same"] as const)(
  "its windows, with padding %s, are read in the order in which they lie in memory, four channels at once",
  async (padding) => {
    const found = await kernelsOfStep(gradients(convolution(padding)), images, textOf);
    for (const slot of ["s0", "s1"]) expect(found[3]).toContain(`tenon_load_four(words, ${slot}`);
  },
);

test("where operands lie evenly, a library splits the terms of a gradient by itself", async () => {
  const step = gradients(dense);
  expect((await kernelsOfStep(step, texts, nameOf)).slice(3)).toEqual(["dot of 1"]);
  expect((await kernelsOfStep(step, texts, nameOf, { library: false })).slice(3)).toEqual(["dot of 16", "sum"]);
});

const layers = [
  [convolution("same"), [3, 20, 20, 2], [3, 3, 2, 5]],
  [convolution("same", 2), [6, 33, 29, 4], [3, 3, 4, 8]],
  [dense, [2, 600, 7], [7, 4]],
] as const;

testEmulatedDevice("gradients by products of parts are those of the reference", async () => {
  for (const [layer, ...shapes] of layers) {
    const step = gradients(layer);
    const args = shapes.map(numbers) as [Tensor, Tensor];
    const expected = await compile(step, { backend: "interpreter" })(...args);
    const found = await compile(step, { backend: cudaNative({ cache: false, libraries: false }) })(...args);
    for (const [i, result] of found.entries()) {
      const [wanted, actual] = [await expected[i]!.data(), await result.data()];
      expect(differences("float32", wanted, actual, tolerances.accumulate.ieee)).toEqual([]);
    }
  }
});

testEmulatedDevice.each(["float16", "bfloat16"] as const)("parts of products of %s are not rounded", async (dtype) => {
  const step = (x: Tensor, dy: Tensor): Tensor => {
    const w = zeros([3, 3, 4, 8], dtype);
    return grad((w: Tensor) => conv(x.cast(dtype), w).mul(dy.cast(dtype)).sum())(w).cast("float32");
  };
  const shapes = [
    [3, 22, 22, 4],
    [3, 20, 20, 8],
  ] as const;
  const args = shapes.map(numbers) as [Tensor, Tensor];
  const expected = await compile(step, { backend: "interpreter" })(...args);
  const found = await compile(step, { backend: cudaNative({ cache: false }) })(...args);
  expect(differences(dtype, await expected.data(), await found.data(), tolerances.accumulate.ieee)).toEqual([]);
  const names = await kernelsOfStep((x: Tensor, dy: Tensor) => [step(x, dy)], shapes, nameOf);
  expect(names).toContain("dot of 2");
});

testEmulatedDevice("a network of convolutions learns by such gradients", { timeout: 60_000 }, () =>
  expectBand({ ...networks["mnist-cnn"]!, batch: 16 }, cudaNative({ cache: false }), 2),
);

import { differences, tolerances } from "@tenon/conformance";
import { type Kernel, lower, withIndexScope, withParts } from "@tenon/lowering";
import { compile, conv, einsum, grad, relu, spec, type Tensor, tensor } from "@tenon/tensor";
import { expect, test } from "vitest";
import "@tenon/interpreter";
import { cudaNative } from "../backend.ts";
import { MAX_THREADS, SHARED_BYTES } from "../capabilities.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { sourceOf, templates } from "../kernels.ts";
import { claimsOn } from "./claims.ts";
import { settleFor } from "./settle.ts";

type Spec = Parameters<typeof spec>[0];
type Step = (x: Tensor, w: Tensor) => readonly Tensor[];

/** A layer, whose input is computed, and its gradients. */
const layer = (of: (x: Tensor, w: Tensor) => Tensor): Step =>
  grad(
    (x: Tensor, w: Tensor) =>
      relu(of(relu(x), w))
        .square()
        .sum(),
    { argnums: [0, 1] },
  );

/** Of a step the kernels, as they are made where a library is or none. */
function kernelsOf<T>(
  step: Step,
  shapes: readonly Spec[],
  library: boolean,
  said: (kernel: Kernel) => T,
): Promise<readonly T[]> {
  const module = compile(step, { backend: "interpreter" }).trace(...shapes.map((shape) => spec(shape)));
  const options = { templates, claims: claimsOn(9), settle: settleFor(library) };
  return withParts(() => withIndexScope(() => lower(module, "step", options).kernels.map(said)));
}

/** Products with the matrices of their batch, composites by name. */
function nameOf(kernel: Kernel): string {
  if (kernel.kind === "claimed") return kernel.op;
  if (kernel.kind !== "dot") return kernel.name;
  const { batch } = kernel.sizes;
  return `${kernel.name} of ${batch.kind === "constant" ? batch.value : "?"}`;
}

const convolution = layer((x, w) => conv(x, w));
const images = [
  ["B", 13, 13, 32],
  [3, 3, 32, 64],
];

test("the gradient of a convolution for its kernel is a product of parts, with a library and without", async () => {
  const kernels = ["maximum+compare", "nn.conv", "nn.conv", "dot of 11", "sum+transpose"];
  for (const library of [true, false]) expect(await kernelsOf(convolution, images, library, nameOf)).toEqual(kernels);
});

test("its windows are read in the order in which they lie in memory, four channels at once", async () => {
  const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major: 9 };
  const texts = await kernelsOf(convolution, images, true, (kernel) => sourceOf(kernel, limits).text);
  for (const slot of ["s0", "s1"]) expect(texts[3]).toContain(`tenon_load_four(words, ${slot}`);
});

test("where operands lie evenly, a library splits the terms of a gradient by itself", async () => {
  const step = layer((x, w) => einsum("bsi,ij->bsj", x, w));
  const texts = [
    ["B", 64, 96],
    [96, 32],
  ];
  expect((await kernelsOf(step, texts, true, nameOf)).slice(3)).toEqual(["dot of 1"]);
  expect((await kernelsOf(step, texts, false, nameOf)).slice(3)).toEqual(["dot of 16", "sum"]);
});

const layers = [
  [layer((x, w) => conv(x, w, { padding: "same" })), [3, 20, 20, 2], [3, 3, 2, 5]],
  [layer((x, w) => conv(x, w, { stride: 2 })), [6, 33, 29, 4], [3, 3, 4, 8]],
  [layer((x, w) => einsum("bsi,ij->bsj", x, w)), [2, 600, 7], [7, 4]],
] as const;
const numbers = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => Math.sin(1 + 3.7 * i)),
    { shape },
  );

testEmulatedDevice("gradients by products of parts are those of the reference", async () => {
  for (const libraries of [true, false])
    for (const [step, ...shapes] of layers) {
      const args = shapes.map(numbers) as [Tensor, Tensor];
      const expected = await compile(step, { backend: "interpreter" })(...args);
      const found = await compile(step, { backend: cudaNative({ cache: false, libraries }) })(...args);
      for (const [i, result] of found.entries())
        expect(
          differences("float32", await expected[i]!.data(), await result.data(), tolerances.accumulate.ieee),
        ).toEqual([]);
    }
});

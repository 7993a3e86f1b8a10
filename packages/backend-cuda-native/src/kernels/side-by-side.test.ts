import { differences, tolerances } from "@tenon/conformance";
import { compile, conv, einsum, grad, pad, slice, type Tensor } from "@tenon/tensor";
import { expect } from "vitest";
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { kernelsOfStep, numbers, textOf } from "./kernels-of-step.test-kit.ts";

const shapes = [
  [2, 4, 5, 16],
  [3, 3, 16, 16],
  [2, 4, 5, 16],
] as const;
type Args = [x: Tensor, w: Tensor, dy: Tensor];

/** A convolution and its gradients, of factors that are given. */
function step(...[x, w, dy]: Args): readonly Tensor[] {
  const y = (a: Tensor, b: Tensor): Tensor => conv(a, b, { padding: "same" });
  return [y(x, w), ...grad((a: Tensor, b: Tensor) => y(a, b).mul(dy).sum(), { argnums: [0, 1] })(x, w)];
}

testEmulatedDevice.each([
  ["float32", "tf32", "tenon_load_four"],
  ["float32", "bfloat16", "tenon_load_four"],
  ["bfloat16", "float32", "tenon_copy_four"],
] as const)("windows of %s, with zeros around them, are loaded at once for %s", async (dtype, precision, word) => {
  const converted = (...args: Args) => step(...(args.map((x) => x.cast(dtype)) as Args)).map((y) => y.cast("float32"));
  const args = shapes.map(numbers) as Args;
  const expected = await compile(converted, { precision, backend: "interpreter" })(...args);
  const found = await compile(converted, { precision, backend: cudaNative({ cache: false }) })(...args);
  for (const [i, result] of found.entries())
    expect(differences(dtype, await expected[i]!.data(), await result.data(), tolerances.accumulate.ieee)).toEqual([]);
  const texts = await kernelsOfStep(converted, shapes, textOf, { precision });
  expect(texts.filter((text) => text.includes(word)).length).toBeGreaterThanOrEqual(2); // forward, and the gradient for x
});

const firstSix = (x: Tensor): Tensor => slice(x, { start: [0, 0], limit: [32, 6] });

testEmulatedDevice.each([
  ["lines that end among elements that are loaded at once", firstSix],
  ["lines in whose place zeros begin there", (x: Tensor) => pad(firstSix(x), { lo: [0, 0], hi: [0, 2] })],
] as const)("a product of %s is that of the reference", async (_, part) => {
  const product = (x: Tensor, w: Tensor): Tensor => einsum("ik,jk->ij", part(x), part(w));
  const args = [numbers([32, 8]), numbers([32, 8]).mul(3)] as const;
  for (const precision of ["float32", "tf32", "bfloat16"] as const) {
    const expected = await compile(product, { precision, backend: "interpreter" })(...args);
    const backend = cudaNative({ cache: false, libraries: false });
    const found = await compile(product, { precision, backend })(...args);
    const wrong = differences("float32", await expected.data(), await found.data(), tolerances.accumulate.ieee);
    expect(wrong, precision).toEqual([]);
  }
});

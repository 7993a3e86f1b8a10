import { differences, tolerances } from "@tenon/conformance";
import { lower, withIndexScope, withParts } from "@tenon/lowering";
import { attention, compile, conv, grad, spec, type Tensor, tensor } from "@tenon/tensor";
import { expect } from "vitest";
import "@tenon/interpreter";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { MAX_THREADS, SHARED_BYTES } from "../capabilities.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { sourceOf, templates } from "../kernels.ts";
import { claimsOn } from "./claims.ts";
import { attending, attentionWays, expectOwnAttention, shapesOf } from "./own-attention.test-kit.ts";
import { expectOwnProducts } from "./own-products.test-kit.ts";

const draw = drawer(9);
const numbers = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => (draw(2 ** 24) - 2 ** 23) / 2 ** 22),
    { shape },
  );

const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major: 8 };

const shapes = [
  [2, 7, 6, 5],
  [3, 3, 5, 12],
  [2, 5, 4, 12],
] as const;

/** A convolution, its gradients, and attention without a mask, all of whose factors but shares are given. */
const step = (x: Tensor, w: Tensor, dy: Tensor) => {
  const loss = (a: Tensor, b: Tensor): Tensor => conv(a, b).mul(dy).sum();
  return [conv(x, w), ...grad(loss, { argnums: [0, 1] })(x, w), attention(dy, dy, dy)];
};

testEmulatedDevice(
  "convolutions and attention of reduced precision are what rounded factors give, by tensor cores where they are large enough",
  async () => {
    const args = shapes.map((shape) => numbers(shape)) as [Tensor, Tensor, Tensor];
    for (const [precision, name] of [
      ["bfloat16", "tenon_multiply_bf16"],
      ["tf32", "tenon_multiply_tf32"],
    ] as const) {
      const reference = compile(step, { precision, backend: "interpreter" });
      const expected = await reference(...args);
      const found = await compile(step, { precision, backend: cudaNative({ cache: false }) })(...args);
      for (const [i, result] of found.entries()) {
        const [wanted, actual] = [await expected[i]!.data(), await result.data()];
        expect(differences("float32", wanted, actual, tolerances.accumulate.ieee), `${precision} ${i}`).toEqual([]);
      }
      const module = reference.trace(...shapes.map((shape) => spec([...shape])));
      const program = await withParts(() =>
        withIndexScope(() => lower(module, "step", { templates, claims: claimsOn(limits.major), fusion: true })),
      );
      const texts = await Promise.all(program.kernels.map((kernel) => withParts(() => sourceOf(kernel, limits).text)));
      const counted = texts.filter((text) => text.includes(name)).length;
      expect(counted).toBeGreaterThanOrEqual(2); // those with more than a few rows, columns and terms
    }
  },
);

/** Of grouped queries, none of which sees a later key. */
const grouped = { b: 2, t: 40, s: 50, heads: [4, 2], features: [24, 32], causal: true } as const;

testEmulatedDevice.each(attentionWays.slice(0, 3))(
  "attention of $dtype with $precision and its derivative are one kernel each, by tensor cores, and no array of scores",
  async (way) => {
    await expectOwnAttention(cudaNative({ cache: false, libraries: false }), way, [grouped]);
    const { precision, dtype } = way;
    const inputs = shapesOf(grouped).map((shape) => spec([...shape]));
    const module = compile(attending(dtype, true), { precision, backend: "interpreter" }).trace(...inputs);
    const program = await withParts(() =>
      withIndexScope(() => lower(module, "step", { templates, claims: claimsOn(limits.major), fusion: true })),
    );
    const products = program.kernels.filter((kernel) => sourceOf(kernel, limits).text.includes("tenon_multiply_"));
    const ops = products.map((kernel) => (kernel.kind === "claimed" ? kernel.op : kernel.kind));
    expect(ops).toEqual(["nn.attention", "nn.attention_bwd"]);
    expect(program.kernels.filter(({ kind }) => kind === "dot")).toEqual([]);
    const { b, t, s, heads } = grouped;
    const most = Math.max(...program.buffers.map(({ elements }) => elements.high));
    expect(most).toBeLessThan(b * heads[0] * t * s);
  },
);

testEmulatedDevice.each(["float32", "tf32", "bfloat16"] as const)(
  "products of kernels of our own with %s are right",
  (precision) =>
    expectOwnProducts(cudaNative({ cache: false }), precision, [
      [40, 36, 600],
      [70, 33, 20],
    ]),
);

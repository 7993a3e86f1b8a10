import type { BackendFactory } from "@tenon/backend";
import { differences, roundedShares } from "@tenon/conformance";
import { attention, compile, grad, spec, type Tensor, tensor } from "@tenon/tensor";
import { expect } from "vitest";
import "@tenon/interpreter";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import type { Precision } from "./own-products.test-kit.ts";

/** Operands of attention, how their factors are rounded, and what the shares are held to. */
export interface AttentionWay {
  readonly precision: Precision;
  readonly dtype: "float32" | "float16" | "bfloat16";
  readonly shares: keyof typeof roundedShares;
}

/** All formats of tensor cores; float16 has as many bits as tf32. */
export const attentionWays: readonly AttentionWay[] = [
  { precision: "bfloat16", dtype: "float32", shares: "bfloat16" },
  { precision: "tf32", dtype: "float32", shares: "tf32" },
  { precision: "float32", dtype: "float16", shares: "tf32" },
  { precision: "float32", dtype: "bfloat16", shares: "bfloat16" },
];

export interface AttentionSizes {
  readonly b: number;
  readonly t: number;
  readonly s: number;
  /** Heads of queries, and of keys. */
  readonly heads: readonly [number, number];
  /** Features of keys, and of values. */
  readonly features: readonly [number, number];
  readonly causal: boolean;
}

export const shapesOf = ({ b, t, s, heads: [h, k], features: [d, e] }: AttentionSizes) =>
  [
    [b, t, h, d],
    [b, s, k, d],
    [b, s, k, e],
    [b, t, h, e],
  ] as const;

/** Attention and the gradients of its operands, computed in a dtype. */
export const attending =
  (dtype: AttentionWay["dtype"], causal: boolean) =>
  (...given: readonly Tensor[]): readonly Tensor[] => {
    const [q, k, v, dy] = given.map((x) => x.cast(dtype)) as [Tensor, Tensor, Tensor, Tensor];
    const forward = (...[a, b, c]: readonly [Tensor, Tensor, Tensor]): Tensor => attention(a, b, c, { causal });
    const loss = (...operands: readonly [Tensor, Tensor, Tensor]): Tensor =>
      forward(...operands)
        .mul(dy)
        .sum();
    return [forward(q, k, v), ...grad(loss, { argnums: [0, 1, 2] })(q, k, v)].map((x) => x.cast("float32"));
  };

/** Attention and its gradients, beside the reference; with `symbolic` numbers of examples, queries and keys are known only then. */
export async function expectOwnAttention(
  backend: BackendFactory,
  { precision, dtype, shares }: AttentionWay,
  list: readonly AttentionSizes[],
  { symbolic = false } = {},
): Promise<void> {
  const draw = drawer(9);
  for (const sizes of list) {
    const shapes = shapesOf(sizes);
    const args = shapes.map((shape) => {
      const count = shape.reduce((n, size) => n * size, 1);
      return tensor(
        Float32Array.from({ length: count }, () => (draw(2 ** 24) - 2 ** 23) / 2 ** 22),
        { shape },
      );
    });
    const inputs = shapes.map(([, , h, d], i) => spec(["B", i === 1 || i === 2 ? "S" : "T", h, d]));
    const fn = attending(dtype, sizes.causal);
    const expected = await compile(fn, { precision, backend: "interpreter" })(...args);
    const found = await compile(fn, { precision, backend, ...(symbolic && { inputs }) })(...args);
    for (const [i, result] of found.entries()) {
      const [wanted, actual] = [await expected[i]!.data(), await result.data()];
      const where = `${JSON.stringify(sizes)}, ${dtype} with ${precision}, result ${i}`;
      expect(differences("float32", wanted, actual, roundedShares[shares]), where).toEqual([]);
    }
  }
}

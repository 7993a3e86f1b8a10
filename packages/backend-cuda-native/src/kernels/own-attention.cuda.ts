import { describe, test } from "vitest";
import { cudaNative } from "../backend.ts";
import { type AttentionSizes, attentionWays, expectOwnAttention } from "./own-attention.test-kit.ts";

const sizes: readonly AttentionSizes[] = [
  { b: 2, t: 40, s: 50, heads: [4, 2], features: [24, 32], causal: true },
  { b: 1, t: 200, s: 130, heads: [2, 2], features: [64, 64], causal: false },
  { b: 2, t: 150, s: 150, heads: [4, 1], features: [64, 64], causal: true },
  { b: 1, t: 130, s: 190, heads: [2, 1], features: [128, 128], causal: true },
  { b: 1, t: 65, s: 300, heads: [1, 1], features: [80, 16], causal: false },
  { b: 1, t: 300, s: 65, heads: [1, 1], features: [17, 100], causal: true }, // many queries see nothing
];

/** Under the sanitizer memory that is filled would count as written. */
const poison = process.env.TENON_CUDA_WATCHED === undefined;

describe.each(attentionWays)("attention of $dtype with $precision by kernels of our own, and its gradients", (way) => {
  const backend = cudaNative({ libraries: false, debug: { poison } });

  test("are those of the reference", () => expectOwnAttention(backend, way, sizes));

  test("are so where sizes are not known, too", () => expectOwnAttention(backend, way, sizes, { symbolic: true }));
});

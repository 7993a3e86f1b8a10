import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions, DTypeError, OptionError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, commonDType, convertTo, splat, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { currentPlace } from "../rule.ts";
import { bools, normal, samplesOf, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { maximum } from "./arithmetic.ts";
import { attentionBackwardOp } from "./attention-backward.ts";
import { intoBatch, outOfBatch } from "./attention-batching.ts";
import {
  attentionAttrs,
  attentionDot,
  byQueryHead,
  checkAttention,
  scoresOf,
  sizesOf,
  unlikeScores,
} from "./attention-scores.ts";
import { greater, select } from "./compare.ts";
import { exp, log } from "./exponential.ts";
import { currentPrecision } from "./matmul.ts";
import { transpose } from "./move.ts";
import { sum } from "./reduce.ts";
import { reshape, squeeze } from "./reshape.ts";
import { largest } from "./statistic.ts";
import { isUnused } from "./unused.ts";

const LOWEST = -3.4028234663852886e38; // of the finite float32 values: an infinity less itself would be NaN

/**
 * Scaled dot-product attention, `y = softmax(scale·q·kᵀ + bias)·v` for each head, and the logarithm of the sum of
 * exponentials of each row of scores, in float32 for 16-bit floats. With fewer heads of keys and values than of queries,
 * head `n` of `h` queries uses head `⌊n·k/h⌋`. Behind `v` stand a mask, true where a query may see a key, and a bias, where
 * the attributes say so; any of their sizes (b, h, t, s) may be 1. `causal` also hides key `j` from query `i` where
 * `j > i + s − t`. A query that sees nothing, or whose scores are all −∞, yields 0.
 * (b, t, h, d), (b, s, k, d), (b, s, k, e) → (b, t, h, e), (b, h, t)
 *
 * Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762, eq. 1; grouped queries: Ainslie et al. 2023,
 * arXiv:2305.13245.
 */
export const attentionOp: OpRecord = opRecord({
  name: "nn.attention",
  version: 1,
  numeric: "accumulate",
  inputs: ["q", "k", "v", "...extras"],
  results: ["y", "lse"],
  attrs: attentionAttrs(),
  type([q, k, v, ...extras], attrs) {
    checkAttention(q, k, v, extras, attrs);
    const { b, t, h } = sizesOf(q, k);
    return [
      { dtype: q.dtype, shape: [b, t, h, v.shape[3]!] },
      { dtype: accumulator(q.dtype), shape: [b, h, t] },
    ];
  },
  decompose([q, k, v, ...extras], attrs) {
    const sizes = sizesOf(q, k);
    const { b, t, h, s } = sizes;
    if (s === 0) return [splat(0, [b, t, h, v.shape[3]!], q.dtype), splat(LOWEST, [b, h, t], accumulator(q.dtype))];
    const { scores, seen } = scoresOf(q, k, extras, attrs);
    const shown = seen === undefined ? scores : select(seen, scores, LOWEST);
    const top = maximum(largest(shown, [4]), LOWEST);
    const e = exp(shown.sub(top));
    const shares = seen === undefined ? e : select(seen, e, 0);
    const total = sum(shares, { axis: 4, keepDims: true });
    const divisor = select(greater(total, 0), total, 1);
    const y = attentionDot(
      shares,
      widen(v),
      [
        [0, 1],
        [0, 2],
      ],
      [[4], [1]],
      attrs.mul,
    ).div(divisor);
    const lse = squeeze(unlikeScores(log(divisor).add(top), h), 3);
    return [convertTo(byQueryHead(y, sizes), q.dtype), lse];
  },
  vjp([q, k, v, ...extras], [y, lse], [dy, dLse], attrs) {
    const fromY = transpose(sum(widen(dy).mul(widen(y)), { axis: -1 }), [0, 2, 1]);
    const delta = isUnused(dLse) ? fromY : fromY.sub(dLse);
    const [dq, dk, dv, dBias] = applyOp(attentionBackwardOp, [q, k, v, lse, dy, delta, ...extras], attrs);
    return [dq!, dk!, dv!, ...(attrs.mask ? [null] : []), ...(attrs.bias ? [dBias!] : [])];
  },
});

export const attentionBatching: Batching<["q", "k", "v", "...extras"]> = (args, batched, attrs, size) =>
  applyOp(attentionOp, intoBatch(args, batched, size, false), attrs).map((y) => outOfBatch(y, size));

export interface AttentionOptions {
  /** Where a query may see a key, bool, of a shape that broadcasts to (b, h, t, s). */
  readonly mask?: Tensor | undefined;
  /** Added to the scores, of a shape that broadcasts to (b, h, t, s). */
  readonly bias?: Tensor | undefined;
  /** Whether a query sees no key that comes later, the last query and the last key at one place; false by default. */
  readonly causal?: boolean;
  /** What the products are multiplied by; `1/√d` by default. */
  readonly scale?: number;
}

/**
 * Scaled dot-product attention, `softmax(scale·q·kᵀ + bias)·v` for each head; h is a multiple of k, for grouped queries.
 * (b, t, h, d), (b, s, k, d), (b, s, k, e) → (b, t, h, e)
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  for (const [name, x] of Object.entries({ q, k, v })) checkTensor("attention", name, x);
  checkOptions("attention", options, ["mask", "bias", "causal", "scale"]);
  const { mask, bias, causal = false } = options;
  const dtype = commonDType(attentionOp, [q, k, v], "float");
  const extras: Tensor[] = [];
  if (mask !== undefined) extras.push(ofRankFour(boolean(mask)));
  if (bias !== undefined) {
    checkTensor("attention", "bias", bias);
    extras.push(ofRankFour(convertTo(bias, accumulator(dtype))));
  }
  return applyOp(attentionOp, [...[q, k, v].map((x) => toTensor("attention", x, dtype)), ...extras], {
    scale: options.scale ?? defaultScale(q),
    causal,
    mask: mask !== undefined,
    bias: bias !== undefined,
    mul: dtype === "float32" ? currentPrecision() : "same",
  })[0]!;
}

const ofRankFour = (x: Tensor): Tensor =>
  x.rank >= 4 ? x : reshape(x, [...new Array<number>(4 - x.rank).fill(1), ...x.shape]);

function boolean(mask: Tensor): Tensor {
  checkTensor("attention", "mask", mask);
  if (mask.dtype === "bool") return mask;
  throw new DTypeError("E201", "attention", `mask is ${mask.dtype} where bool is wanted`, {
    operands: { mask },
    at: currentPlace(),
    fix: "compare it, for example mask.notEqual(0), or pass it as bias to add it to the scores",
  });
}

function defaultScale(q: Tensor): number {
  const depth = q.shape.at(-1);
  if (typeof depth === "number") return 1 / Math.sqrt(Math.max(depth, 1));
  throw new OptionError("E802", "attention", "scale is missing, and the last axis of q has a symbolic size", {
    operands: { q },
    fix: "give scale",
  });
}

const heads = (b: number, t: number, h: number, d: number) => normal([b, t, h, d]);

export const attentionSamples = () =>
  samplesOf(attentionOp, [
    [heads(2, 3, 2, 4), heads(2, 4, 2, 4), heads(2, 4, 2, 3), { scale: 0.5 }],
    [heads(1, 3, 4, 2), heads(1, 5, 2, 2), heads(1, 5, 2, 2), { scale: 0.7, causal: true }],
    // the second query of the second example sees nothing
    [
      heads(2, 2, 2, 2),
      heads(2, 3, 1, 2),
      heads(2, 3, 1, 2),
      values([1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0], [2, 1, 2, 3], "bool"),
      normal([1, 2, 1, 3]),
      { scale: 1, mask: true, bias: true },
    ],
    // the first query sees nothing, as no key is early enough
    [
      heads(1, 3, 1, 2),
      heads(1, 2, 1, 2),
      heads(1, 2, 1, 2),
      bools([1, 1, 3, 2]),
      { scale: 1, causal: true, mask: true },
    ],
    [
      ...[
        [1, 2, 2, 4],
        [1, 3, 2, 4],
        [1, 3, 2, 4],
      ].map((shape) => normal(shape, { dtype: "float16" })),
      { scale: 0.5 },
    ],
    [heads(1, 2, 1, 2), heads(1, 0, 1, 2), heads(1, 0, 1, 2), { scale: 1 }],
  ]);

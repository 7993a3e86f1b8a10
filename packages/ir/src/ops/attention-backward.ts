import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { normal, samplesOf, uniform, values } from "../sample.ts";
import { sameType, typeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { intoBatch, outOfBatch } from "./attention-batching.ts";
import {
  attentionAttrs,
  attentionDot,
  byKeyHead,
  byQueryHead,
  checkAttention,
  likeScores,
  scoresOf,
  sizesOf,
  unlikeScores,
} from "./attention-scores.ts";
import { select } from "./compare.ts";
import { exp } from "./exponential.ts";
import { transpose } from "./move.ts";
import { sum } from "./reduce.ts";
import { expandDims } from "./reshape.ts";

/**
 * The cotangents of `nn.attention`'s operands by five products, from the logarithm of the sum of exponentials of each row,
 * so that the shares `p = exp(scores − lse)` are made again and not kept. With `δ = Σ dy·y − dlse`, an operand:
 * `dv = pᵀ·dy`, `ds = p·(dy·vᵀ − δ)`, `dq = scale·ds·k`, `dk = scale·dsᵀ·q`, and `dbias = ds` where there is a bias.
 * (b, t, h, d), (b, s, k, d), (b, s, k, e), (b, h, t), (b, t, h, e), (b, h, t) → (b, t, h, d), (b, s, k, d), (b, s, k, e)
 *
 * Dao 2023, FlashAttention-2, arXiv:2307.08691, algorithm 2.
 */
export const attentionBackwardOp: OpRecord = opRecord({
  name: "nn.attention_bwd",
  version: 1,
  numeric: "accumulate",
  inputs: ["q", "k", "v", "lse", "dy", "delta", "...extras"],
  results: ["dq", "dk", "dv", "...dbias"],
  attrs: attentionAttrs(),
  type([q, k, v, lse, dy, delta, ...extras], attrs) {
    checkAttention(q, k, v, extras, attrs);
    const { b, h, t } = sizesOf(q, k);
    const row = { dtype: accumulator(q.dtype), shape: [b, h, t] };
    const y = { dtype: q.dtype, shape: [...q.shape.slice(0, 3), v.shape[3]!] };
    for (const [name, x, wanted] of [
      ["lse", lse, row],
      ["dy", dy, y],
      ["delta", delta, row],
    ] as const) {
      if (!sameType(x, wanted)) fail("E202", `${name} is ${typeText(x)} where ${typeText(wanted)} is wanted`);
    }
    const operands = [q, k, v, ...(attrs.bias ? [extras.at(-1)!] : [])];
    return operands.map(({ dtype, shape }) => ({ dtype, shape }));
  },
  decompose([q, k, v, lse, dy, delta, ...extras], attrs) {
    const sizes = sizesOf(q, k);
    const { scale, mul } = attrs;
    const { scores, seen } = scoresOf(q, k, extras, attrs);
    const [rows, shift] = [lse, delta].map((x) => likeScores(expandDims(x, -1), sizes)) as [Tensor, Tensor];
    // what is not seen may be far above the row's sum, whose exponential would overflow
    const p = seen === undefined ? exp(scores.sub(rows)) : select(seen, exp(select(seen, scores, rows).sub(rows)), 0);
    const [queries, cotangents] = [q, dy].map((x) => byKeyHead(widen(x), sizes)) as [Tensor, Tensor];
    const dp = attentionDot(
      cotangents,
      widen(v),
      [
        [0, 2],
        [0, 2],
      ],
      [[4], [3]],
      mul,
    );
    const ds = p.mul(dp.sub(shift));
    const dq = byQueryHead(
      attentionDot(
        ds,
        widen(k),
        [
          [0, 1],
          [0, 2],
        ],
        [[4], [1]],
        mul,
      ),
      sizes,
    ).mul(scale);
    // (b, k, s, d) from the rows of all queries of a head of keys
    const overRows = (x: Tensor, y: Tensor): Tensor =>
      transpose(
        attentionDot(
          x,
          y,
          [
            [0, 1],
            [0, 2],
          ],
          [
            [2, 3],
            [1, 3],
          ],
          mul,
        ),
        [0, 2, 1, 3],
      );
    const results = [dq, overRows(ds, queries).mul(scale), overRows(p, cotangents)].map((x) => convertTo(x, q.dtype));
    if (!attrs.bias) return results;
    const bias = extras.at(-1)!;
    const full = unlikeScores(ds, sizes.h);
    const repeated = bias.shape.flatMap((d, i) => (d === 1 && full.shape[i] !== 1 ? [i] : []));
    const dBias = repeated.length === 0 ? full : sum(full, { axis: repeated, keepDims: true });
    return [...results, convertTo(dBias, bias.dtype)];
  },
});

export const attentionBackwardBatching: Batching<["q", "k", "v", "lse", "dy", "delta", "...extras"]> = (
  args,
  batched,
  attrs,
  size,
) => {
  const results = applyOp(attentionBackwardOp, intoBatch(args, batched, size, attrs.bias), attrs);
  const bias = attrs.bias ? args.at(-1)! : undefined;
  return results.map((dx, i) => {
    const each = outOfBatch(dx, size);
    const shared = i === 3 && (batched.at(-1) ? bias!.shape[1] : bias!.shape[0]) === 1;
    return shared ? sum(each, { axis: 1, keepDims: true }) : each;
  });
};

const heads = (b: number, t: number, h: number, d: number) => normal([b, t, h, d]);

export const attentionBackwardSamples = () =>
  samplesOf(attentionBackwardOp, [
    [
      ...[heads(1, 3, 4, 2), heads(1, 3, 2, 2), heads(1, 3, 2, 3)],
      ...[uniform([1, 4, 3], 2, 4), heads(1, 3, 4, 3), normal([1, 4, 3])],
      { scale: 0.7, causal: true },
    ],
    [
      ...[heads(2, 2, 2, 2), heads(2, 3, 1, 2), heads(2, 3, 1, 2)],
      ...[uniform([2, 2, 2], 2, 4), heads(2, 2, 2, 2), normal([2, 2, 2])],
      ...[values([1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0], [2, 1, 2, 3], "bool"), normal([1, 2, 1, 3])],
      { scale: 1, mask: true, bias: true },
    ],
    [
      ...[
        [1, 2, 2, 4],
        [1, 3, 2, 4],
        [1, 3, 2, 4],
      ].map((shape) => normal(shape, { dtype: "float16" })),
      ...[uniform([1, 2, 2], 3, 5), normal([1, 2, 2, 4], { dtype: "float16" }), normal([1, 2, 2])],
      { scale: 0.5 },
    ],
  ]);

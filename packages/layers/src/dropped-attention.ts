import { type Context, causalMask, dropout as drop, matmul, select, softmax, type Tensor } from "@tenon/tensor";

const LOW = -1e9; // as in Keras: far below every score, and no infinity, of which nothing but NaN would be left

export interface DroppedAttentionOptions {
  readonly mask: Tensor | undefined;
  readonly causal: boolean;
  /** The share of the weights that is dropped. */
  readonly rate: number;
  readonly ctx: Context;
}

/**
 * Attention whose weights are dropped at random, those that are left being scaled up:
 * `dropout(softmax(q·kᵀ/√d))·v`. (N, T, h, d), (N, S, k, d), (N, S, k, e) → (N, T, h, e)
 */
export function droppedAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { mask, causal, rate, ctx }: DroppedAttentionOptions,
): Tensor {
  const group = Number(q.shape[2]) / Number(k.shape[2]);
  const [qs, ks, vs] = [q, repeated(k, group), repeated(v, group)].map((x) => x.swapAxes(1, 2)); // (N, h, steps, features)
  const scores = matmul(qs!, ks!.swapAxes(2, 3)).div(Math.sqrt(Number(q.shape[3])));
  const seen = both(mask, causal ? causalMask(q.shape[1]!, k.shape[1]!) : undefined);
  const weights = seen === undefined ? softmax(scores) : select(seen, softmax(select(seen, scores, LOW)), 0);
  return matmul(drop(weights, ctx.nextKey(), { rate }), vs!).swapAxes(1, 2);
}

/** What both masks let through. */
export const both = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
  a === undefined ? b : b === undefined ? a : a.and(b);

/** Each head so many times in a row: (N, S, k, d) → (N, S, k·times, d) */
function repeated(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [n, s, k, d] = x.shape;
  return x
    .expandDims(3)
    .broadcastTo([n!, s!, k!, times, d!])
    .reshape([n!, s!, Number(k) * times, d!]);
}

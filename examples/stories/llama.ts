import {
  type AttentionCache,
  type Embedding,
  embedding,
  Layer,
  normal,
  rmsNorm,
  type TransformerDecoder,
  transformerDecoder,
} from "@tenon/layers";
import { type Context, compile, matmul, type Tensor, tensor, type Variable } from "@tenon/tensor";
import type { Weights } from "../shared/weights.ts";

export interface LlamaOptions {
  /** How many different tokens there are. */
  readonly words: number;
  /** The longest text. */
  readonly length: number;
  /** Features of each token. */
  readonly width: number;
  readonly hidden: number;
  readonly blocks: number;
  readonly heads: number;
  /** Heads of keys and values; several heads of queries share one. */
  readonly kvHeads: number;
}

const EPS = 1e-5; // of the normalisations, as it was trained

/**
 * Tokens to logits of those that follow each. (N, T) → (N, T, words)
 *
 * Touvron et al. 2023, LLaMA: open and efficient foundation language models, arXiv:2302.13971: normalised by root mean
 * squares, queries and keys turned by their places in pairs of neighbours, a gated network with silu, and no biases. The
 * table of the tokens is also what their logits are made by.
 */
export class Llama extends Layer {
  readonly options: LlamaOptions;
  tokens: Embedding;
  blocks: readonly TransformerDecoder[];
  norm = rmsNorm({ eps: EPS });

  constructor(options: LlamaOptions) {
    super();
    this.options = options;
    const { words, width, hidden, heads, kvHeads } = options;
    this.tokens = embedding(words, width, { init: normal({ stddev: 0.02 }) });
    this.blocks = Array.from({ length: options.blocks }, () =>
      transformerDecoder({
        ...{ numHeads: heads, numKvHeads: kvHeads, rope: { interleaved: true }, useBias: false },
        ...{ intermediateDim: hidden, activation: "silu", gated: true },
        ...{ normalizeFirst: true, norm: "rms", normEps: EPS },
      }),
    );
  }

  override forward(ids: Tensor, ctx: Context): Tensor {
    return this.#logits(this.blocks.reduce((x, block) => block.call(x, ctx), this.tokens.call(ids, ctx)));
  }

  /** The same for tokens after others, of which the caches have kept keys and values; and the caches with them. */
  next(ids: Tensor, caches: readonly AttentionCache[]): { logits: Tensor; caches: readonly AttentionCache[] } {
    let input = this.tokens.call(ids);
    const renewed = this.blocks.map((block, i) => {
      const [y, cache] = block.call({ input, cache: caches[i]! });
      input = y;
      return cache;
    });
    return { logits: this.#logits(input), caches: renewed };
  }

  #logits(x: Tensor): Tensor {
    return matmul(this.norm.call(x), this.tokens.table.value.transpose());
  }

  /** Gives it the weights of a file, whose matrices have a row for each feature that comes out. */
  assign(weights: Weights): void {
    const matrix = (variable: Variable, name: string): void => void variable.assign(weights.take(name).transpose());
    const vector = (variable: Variable | null, name: string): void => void variable!.assign(weights.take(name));
    vector(this.tokens.table, "tok_embeddings.weight");
    vector(this.norm.scale, "norm.weight");
    for (const [i, { attention, attentionNorm, feedForward, feedForwardNorm }] of this.blocks.entries()) {
      const at = `layers.${i}`;
      matrix(attention.query.weight, `${at}.attention.wq.weight`);
      matrix(attention.key.weight, `${at}.attention.wk.weight`);
      matrix(attention.value.weight, `${at}.attention.wv.weight`);
      matrix(attention.output.weight, `${at}.attention.wo.weight`);
      matrix(feedForward.gate!.weight, `${at}.feed_forward.w1.weight`);
      matrix(feedForward.down.weight, `${at}.feed_forward.w2.weight`);
      matrix(feedForward.up.weight, `${at}.feed_forward.w3.weight`);
      vector(attentionNorm.scale, `${at}.attention_norm.weight`);
      vector(feedForwardNorm.scale, `${at}.ffn_norm.weight`);
    }
    weights.checkAllTaken();
  }
}

const likeliest = (logits: ArrayLike<number>): number =>
  Array.from(logits).reduce((best, x, i, all) => (x > all[best]! ? i : best), 0);

/** Writes so many tokens after `begin`, always the likeliest. One compiled step serves every place. */
export async function write(model: Llama, begin: readonly number[], count: number): Promise<number[]> {
  const step = compile((ids: Tensor, caches: readonly AttentionCache[]) => model.next(ids, caches));
  let caches: readonly AttentionCache[] = model.blocks.map((block) => block.emptyCache(1, model.options.length));
  const ids = [...begin];
  for (let at = 0; ids.length < begin.length + count; at++) {
    const { logits, caches: next } = await step(tensor(Int32Array.of(ids[at]!), { shape: [1, 1] }), caches);
    caches = next;
    if (at === ids.length - 1) ids.push(likeliest(await logits.data()));
  }
  return ids.slice(begin.length);
}

/** The same by reading all tokens anew for each. */
export async function writeAnew(model: Llama, begin: readonly number[], count: number): Promise<number[]> {
  const ids = [...begin];
  while (ids.length < begin.length + count) {
    const logits = model.call(tensor(Int32Array.from(ids), { shape: [1, ids.length] }));
    ids.push(likeliest(await logits.sliceAxis(1, -1).data()));
  }
  return ids.slice(begin.length);
}

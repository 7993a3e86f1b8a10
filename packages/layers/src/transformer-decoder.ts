import { TransformerBlock, type TransformerOptions } from "./transformer-block.ts";

/**
 * A block of a transformer's decoder: self-attention in which no step sees what comes after it, attention to a memory where
 * it is called with one, `{ input, memory }`, and a feed-forward network, each with a way past it.
 * (N, T, features), (N, S, features) → (N, T, features)
 *
 * With `{ input, cache }` the input's steps come after those in the cache, and the result is a list: the result, and the new
 * cache. Its shapes stay, so that one compiled step generates at all places; `emptyCache` makes the first one. Vaswani et al.
 * 2017, Attention is all you need, arXiv:1706.03762, section 3.1; without a memory it is a block of GPT: Radford et al. 2018.
 */
export class TransformerDecoder extends TransformerBlock {
  constructor(options: TransformerOptions) {
    super("transformerDecoder", options, true);
  }
}

/** A block of a transformer's decoder: `transformerDecoder({ numHeads: 4, intermediateDim: 512, normalizeFirst: true })`. */
export const transformerDecoder = (options: TransformerOptions): TransformerDecoder => new TransformerDecoder(options);

import { TransformerBlock, type TransformerOptions } from "./transformer-block.ts";

/**
 * A block of a transformer's encoder: self-attention, then a feed-forward network, each with a way past it,
 * `y = norm(x + part(x))`, or with `normalizeFirst` `y = x + part(norm(x))`. (N, T, features) → (N, T, features)
 *
 * Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762, section 3.1; normalised first: Xiong et al. 2020, On
 * layer normalization in the transformer architecture, arXiv:2002.04745.
 */
export class TransformerEncoder extends TransformerBlock {
  constructor(options: TransformerOptions) {
    super("transformerEncoder", options, false);
  }
}

/** A block of a transformer's encoder: `transformerEncoder({ numHeads: 4, intermediateDim: 512 })`. */
export const transformerEncoder = (options: TransformerOptions): TransformerEncoder => new TransformerEncoder(options);

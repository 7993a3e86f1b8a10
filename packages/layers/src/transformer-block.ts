import {
  type Context,
  checkOptions,
  type HostKey,
  inference,
  OptionError,
  Tensor,
  type TensorType,
  valueText,
} from "@tenon/tensor";
import type { AttentionCache } from "./attention-cache.ts";
import { checkNumber, checkSize, fixedSize, refuse } from "./check.ts";
import { type Dropout, dropout } from "./dropout.ts";
import { type FeedForward, type FeedForwardOptions, feedForward, feedForwardNames } from "./feed-forward.ts";
import { Layer } from "./layer.ts";
import { type LayerNorm, layerNorm } from "./layer-norm.ts";
import { keepMask } from "./mask.ts";
import { type MultiHeadAttention, type MultiHeadAttentionOptions, multiHeadAttention } from "./multi-head-attention.ts";
import { argumentOf, typeOfPart } from "./place.ts";
import { type RmsNorm, rmsNorm } from "./rms-norm.ts";

/** What normalises the features of each step. */
export type NormChoice = "layer" | "rms";

export interface TransformerOptions
  extends FeedForwardOptions,
    Pick<MultiHeadAttentionOptions, "numHeads" | "numKvHeads" | "rope"> {
  /** Features between the two maps of the feed-forward network. */
  readonly intermediateDim: number;
  /** Features of each head; those of the input by the number of heads by default. */
  readonly keyDim?: number;
  /** Whether no step sees what comes after it; false by default for encoders, true for decoders. */
  readonly causal?: boolean;
  /** The share of each part's result that is dropped in training, before it is added; 0 by default. */
  readonly dropout?: number;
  /** The share of what a step sees that is dropped in training; by default that of `dropout`, as in Keras and PyTorch. 0 lets attention be one kernel. */
  readonly attentionDropout?: number;
  /** Whether each part normalises what it takes, and not what the addition gives; false by default, as in the paper. */
  readonly normalizeFirst?: boolean;
  /** Layer normalisation by default, or by the root mean square alone. */
  readonly norm?: NormChoice;
  /** Added to the variance by the normalisation; 1e-5 by default. */
  readonly normEps?: number;
}

const optionNames = [
  ...feedForwardNames,
  ...["intermediateDim", "numHeads", "numKvHeads", "rope", "keyDim", "causal", "dropout", "attentionDropout"],
  ...["normalizeFirst", "norm", "normEps"],
];

/** A sequence, and where its steps may see each other. */
export interface BlockInput {
  readonly input: Tensor;
  /** Where a step may see another: bool (T, T), (N, T, T) or (N, heads, T, T); sizes may be 1. */
  readonly mask?: Tensor;
  /** What a decoder looks at besides, such as an encoder's result. (N, S, features) */
  readonly memory?: Tensor;
  /** Where a step may see the memory: bool (T, S), (N, T, S) or (N, heads, T, S). */
  readonly memoryMask?: Tensor;
}

/** New steps of a sequence whose earlier ones are in a cache. */
export interface CachedBlockInput extends BlockInput {
  readonly cache: AttentionCache;
}

/**
 * A block of a transformer: attention, and a feed-forward network for each step, each with a way past it and a
 * normalisation. (N, T, features) → (N, T, features)
 */
export abstract class TransformerBlock extends Layer<Tensor | BlockInput | CachedBlockInput, any> {
  readonly options: TransformerOptions;
  readonly #kind: string;
  readonly #causal: boolean;
  attention!: MultiHeadAttention;
  attentionNorm: LayerNorm | RmsNorm;
  crossAttention: MultiHeadAttention | null = null;
  crossAttentionNorm: LayerNorm | RmsNorm | null = null;
  feedForward: FeedForward;
  feedForwardNorm: LayerNorm | RmsNorm;
  dropout: Dropout | null;

  constructor(kind: string, options: TransformerOptions, causal: boolean) {
    super();
    checkOptions(kind, options, optionNames);
    const { dropout: rate = 0, attentionDropout = rate, norm = "layer", normEps = 1e-5 } = options;
    checkSize(kind, "numHeads", options.numHeads);
    checkSize(kind, "intermediateDim", options.intermediateDim);
    checkNumber(kind, "dropout", rate, 0, 1, true);
    checkNumber(kind, "attentionDropout", attentionDropout, 0, 1, true);
    checkNumber(kind, "normEps", normEps, 0, Infinity);
    if (norm !== "layer" && norm !== "rms") {
      throw new OptionError("E803", kind, `norm is ${valueText(norm)}, which is no normalisation`, {
        fix: 'use "layer" or "rms"',
      });
    }
    this.#kind = kind;
    this.#causal = options.causal ?? causal;
    this.options = options;
    this.attentionNorm = this.#norm();
    const network = Object.entries(options).filter(([name]) => feedForwardNames.includes(name));
    this.feedForward = feedForward(options.intermediateDim, Object.fromEntries(network));
    this.feedForwardNorm = this.#norm();
    this.dropout = rate > 0 ? dropout(rate) : null;
  }

  #norm(): LayerNorm | RmsNorm {
    const { norm = "layer", normEps: eps = 1e-5 } = this.options;
    return norm === "layer" ? layerNorm({ eps }) : rmsNorm({ eps });
  }

  override get kind(): string {
    return this.#kind;
  }

  override describe(): string {
    const { numHeads, normalizeFirst = false } = this.options;
    return `${this.kind} ${numHeads} heads${normalizeFirst ? ", normalised first" : ""}`;
  }

  override buildSelf(_key: HostKey, ...inputs: readonly TensorType[]): void {
    const input = typeOfPart(this, inputs, "input");
    const features = fixedSize(this.kind, input, -1);
    const { numHeads, keyDim } = this.options;
    if (keyDim === undefined && features % numHeads !== 0) {
      refuse(
        this.kind,
        input,
        "E203",
        `the input has ${features} features, which are no multiple of ${numHeads} heads`,
        `give it ${numHeads * Math.ceil(features / numHeads)} features, or give keyDim`,
      );
    }
    this.attention = this.#attention(features, this.#causal, this.options.rope);
    const { memory } = argumentOf(this, inputs) as { readonly memory?: TensorType };
    this.crossAttention = memory === undefined ? null : this.#attention(features, false, false);
    this.crossAttentionNorm = memory === undefined ? null : this.#norm();
  }

  #attention(features: number, causal: boolean, rope: TransformerOptions["rope"] = false): MultiHeadAttention {
    const { intermediateDim, normalizeFirst, norm, normEps, activation, gated, ...options } = this.options;
    const { numHeads, dropout: rate = 0, attentionDropout = rate, keyDim = features / numHeads, ...rest } = options;
    return multiHeadAttention({ ...rest, numHeads, keyDim, causal, rope, dropout: attentionDropout });
  }

  override call(x: CachedBlockInput, ctx?: Context): readonly [y: Tensor, cache: AttentionCache];
  override call(x: Tensor | BlockInput, ctx?: Context): Tensor;
  override call(x: Tensor | BlockInput | CachedBlockInput, ctx: Context = inference): any {
    return super.call(x, ctx);
  }

  override forward(x: Tensor | BlockInput | CachedBlockInput, ctx: Context): any {
    const given: BlockInput & Partial<CachedBlockInput> = x instanceof Tensor ? { input: x } : x;
    const { input, mask, memory, memoryMask, cache } = given;
    this.#check(input, memory);
    const masked = mask === undefined ? {} : { mask };
    let next: AttentionCache | undefined;
    let y = this.#beside(input, this.attentionNorm, ctx, (query) => {
      if (cache === undefined) return this.attention.call({ query, ...masked }, ctx);
      const [seen, renewed] = this.attention.call({ query, cache, ...masked }, ctx);
      next = renewed;
      return seen;
    });
    if (this.crossAttention !== null) {
      const seen = memoryMask === undefined ? {} : { mask: memoryMask };
      const look = (query: Tensor): Tensor => this.crossAttention!.call({ query, value: memory!, ...seen }, ctx);
      y = this.#beside(y, this.crossAttentionNorm!, ctx, look);
    }
    y = this.#beside(y, this.feedForwardNorm, ctx, (h) => this.feedForward.call(h, ctx));
    return next === undefined ? y : [y, next];
  }

  /** What a part gives, dropped out in training, added to what it takes; normalised before or after. */
  #beside(x: Tensor, norm: LayerNorm | RmsNorm, ctx: Context, part: (h: Tensor) => Tensor): Tensor {
    const { normalizeFirst = false } = this.options;
    const y = part(normalizeFirst ? norm.call(x, ctx) : x);
    const sum = keepMask(x, x.add(this.dropout === null ? y : this.dropout.call(y, ctx)));
    return normalizeFirst ? sum : norm.call(sum, ctx);
  }

  /** A cache for so many steps, with none in it, for a block that has been built. */
  emptyCache(examples: number, places: number): AttentionCache {
    return this.attention.emptyCache(examples, places);
  }

  #check(x: Tensor, memory: Tensor | undefined): void {
    if (x.rank !== 3) {
      const form = "(examples, steps, features)";
      refuse(this.kind, x, "E206", `the input has rank ${x.rank}, not 3, in ${form}`, `give it ${form}`);
    }
    if ((memory === undefined) === (this.crossAttention === null)) return;
    const [given, built] = memory === undefined ? ["without", "with"] : ["with", "without"];
    throw new OptionError("E803", this.kind, `the block is called ${given} memory but was built ${built} it`, {
      fix: "call it as it was built, and build it as in inputs: { input: …, memory: … }",
    });
  }
}

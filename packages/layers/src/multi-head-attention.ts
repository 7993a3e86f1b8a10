import {
  attention,
  type Context,
  checked,
  checkOptions,
  currentPath,
  DTypeError,
  fail,
  type HostKey,
  inference,
  OptionError,
  rope,
  shapeText,
  Tensor,
  type TensorType,
  valueText,
  zeros,
} from "@tenon/tensor";
import { type AttentionCache, extended, seenIn } from "./attention-cache.ts";
import { checkNumber, fixedSize, refuse } from "./check.ts";
import { type Dense, dense } from "./dense.ts";
import { both, droppedAttention } from "./dropped-attention.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { keepMask, maskOf } from "./mask.ts";
import { typeOfPart } from "./place.ts";
import { checkPlace } from "./positions.ts";
import type { Regularizer } from "./regularizers.ts";
import type { RotaryOptions } from "./rotary.ts";

export interface MultiHeadAttentionOptions {
  readonly numHeads: number;
  /** Features of a query and of a key, in each head. */
  readonly keyDim: number;
  /** Features of a value in each head; `keyDim` by default. */
  readonly valueDim?: number;
  /** Heads of keys and values, each for as many heads of queries; `numHeads` by default. */
  readonly numKvHeads?: number;
  /** Features of the result; those of the query by default. */
  readonly outputDim?: number;
  /** Whether no step sees what comes after it, the last query and the last key being at one place; false by default. */
  readonly causal?: boolean;
  /** The share of what a query sees that is dropped in training; 0 by default, which lets attention be one kernel. */
  readonly dropout?: number;
  /** Whether biases are added; true by default. */
  readonly useBias?: boolean;
  /** Whether queries and keys are turned by their places, and how; false by default. */
  readonly rope?: boolean | RotaryOptions;
  /** `glorotUniform` by default. */
  readonly kernelInit?: InitializerChoice;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

const optionNames = [
  ...["numHeads", "keyDim", "valueDim", "numKvHeads", "outputDim", "causal", "dropout", "useBias", "rope"],
  ...["kernelInit", "biasInit", "kernelRegularizer", "biasRegularizer"],
];

/** Who asks, (N, T, features), and what is looked at, (N, S, features). */
export interface AttentionInput {
  readonly query: Tensor;
  /** The query's sequence by default. */
  readonly value?: Tensor;
  /** The value's sequence by default. */
  readonly key?: Tensor;
  /** Where a query may see a key: bool (T, S), (N, T, S) or (N, heads, T, S); sizes may be 1. */
  readonly mask?: Tensor;
}

/** New steps of a sequence whose earlier ones are in a cache. */
export interface CachedAttentionInput extends Omit<AttentionInput, "value" | "key"> {
  readonly cache: AttentionCache;
}

interface Given extends AttentionInput {
  readonly cache?: AttentionCache;
}

/**
 * Attention with several heads: each step of a query takes a mean of values, weighted by how its queries go with the keys,
 * `softmax(q·kᵀ/√keyDim)·v` in each head, and what the heads give is mixed. Queries, keys and values are affine maps of the
 * inputs. (N, T, features) → (N, T, features)
 *
 * It is called with a tensor, for self-attention, or with `{ query, value, key, mask }`. Steps of the value, or of the key,
 * that a mask leaves out are not seen. With `{ query, cache }` the query's steps come after those in the cache, and the result
 * is a list: the result, and the new cache; then attention is causal. `emptyCache` makes the first one.
 *
 * Kernels are (features, heads·keyDim), where Keras's are (features, heads, keyDim); PyTorch's `in_proj_weight` has the
 * three transposed, one below the other. Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762, section 3.2;
 * `numKvHeads`: Ainslie et al. 2023, arXiv:2305.13245.
 */
export class MultiHeadAttention extends Layer<Tensor | AttentionInput | CachedAttentionInput, any> {
  readonly options: MultiHeadAttentionOptions;
  query: Dense;
  key: Dense;
  value: Dense;
  output!: Dense;
  readonly #kvHeads: number;

  constructor(options: MultiHeadAttentionOptions) {
    super();
    const kind = "multiHeadAttention";
    checkOptions(kind, options, optionNames);
    const { numHeads, keyDim, valueDim = keyDim, numKvHeads = numHeads, dropout = 0 } = options;
    for (const [name, size] of Object.entries({ numHeads, keyDim, valueDim, numKvHeads })) checkCount(name, size);
    if (options.outputDim !== undefined) checkCount("outputDim", options.outputDim);
    checkNumber(kind, "dropout", dropout, 0, 1, true);
    if (numHeads % numKvHeads !== 0) {
      throw new OptionError(
        "E803",
        kind,
        `numHeads is ${numHeads}, which is no multiple of numKvHeads, ${numKvHeads}`,
        {
          fix: "let each head of keys and values serve as many heads of queries",
        },
      );
    }
    this.options = options;
    this.#kvHeads = numKvHeads;
    this.query = this.#dense(numHeads * keyDim);
    this.key = this.#dense(numKvHeads * keyDim);
    this.value = this.#dense(numKvHeads * valueDim);
  }

  #dense(units: number): Dense {
    const { numHeads, keyDim, valueDim, numKvHeads, outputDim, causal, dropout, rope: turned, ...rest } = this.options;
    return dense(units, rest);
  }

  override get kind(): string {
    return "multiHeadAttention";
  }

  override describe(): string {
    const { numHeads, keyDim, causal = false } = this.options;
    const heads = this.#kvHeads === numHeads ? `${numHeads}` : `${numHeads}:${this.#kvHeads}`;
    return `multiHeadAttention ${heads}×${keyDim}${causal ? " causal" : ""}`;
  }

  override buildSelf(_key: HostKey, ...inputs: readonly TensorType[]): void {
    const query = typeOfPart(this, inputs, "query");
    this.output = this.#dense(this.options.outputDim ?? fixedSize("multiHeadAttention", query, -1));
  }

  override call(x: CachedAttentionInput, ctx?: Context): readonly [y: Tensor, cache: AttentionCache];
  override call(x: Tensor | AttentionInput, ctx?: Context): Tensor;
  override call(x: Tensor | AttentionInput | CachedAttentionInput, ctx: Context = inference): any {
    return super.call(x, ctx);
  }

  override forward(x: Tensor | AttentionInput | CachedAttentionInput, ctx: Context): any {
    const given: Given = x instanceof Tensor ? { query: x } : x;
    const { query, value = query, key = value, mask, cache } = given;
    this.#check({ query, value, key });
    if (cache !== undefined) this.#checkCache(query, cache);
    const { numHeads, keyDim, valueDim = keyDim } = this.options;
    const q = this.#turned(heads(this.query.call(query, ctx), numHeads, keyDim), cache?.length);
    const k = this.#turned(heads(this.key.call(key, ctx), this.#kvHeads, keyDim), cache?.length);
    const v = heads(this.value.call(value, ctx), this.#kvHeads, valueDim);
    const given4 = mask === undefined ? undefined : this.#ofRankFour(mask);
    if (cache === undefined) {
      const { causal = false } = this.options;
      const real = (maskOf(key) ?? maskOf(value))?.expandDims(1).expandDims(1); // (N, 1, 1, S)
      const y = this.#attend(q, k, v, both(given4, real), causal, ctx);
      return keepMask(query, this.#mixed(y, ctx));
    }
    const next = extended(cache, k, v);
    const seen = both(given4, seenIn(cache, Number(query.shape[1])));
    return [this.#mixed(this.#attend(q, next.key, next.value, seen, false, ctx), ctx), next];
  }

  #mixed(y: Tensor, ctx: Context): Tensor {
    return this.output.call(y.reshape([...y.shape.slice(0, 2), -1]), ctx);
  }

  #turned(x: Tensor, offset: Tensor | undefined): Tensor {
    const { rope: turned = false } = this.options;
    return turned === false ? x : rope(x, { ...(turned === true ? {} : turned), offset });
  }

  #attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | undefined, causal: boolean, ctx: Context): Tensor {
    const { dropout: rate = 0 } = this.options;
    return ctx.isTraining && rate > 0
      ? droppedAttention(q, k, v, { mask, causal, rate, ctx })
      : attention(q, k, v, { mask, causal });
  }

  /** A cache for so many steps, with none in it. */
  emptyCache(examples: number, places: number): AttentionCache {
    const { keyDim, valueDim = keyDim } = this.options;
    const of = (features: number): Tensor =>
      zeros([checkCount("examples", examples), checkCount("places", places), this.#kvHeads, features]);
    return { key: of(keyDim), value: of(valueDim), length: zeros([], "int32") };
  }

  #check(given: Readonly<Record<string, Tensor>>): void {
    checked(
      "multiHeadAttention",
      given,
      () => "give sequences (examples, steps, features), key and value of as many steps",
      () => {
        for (const [name, x] of Object.entries(given))
          if (x.rank !== 3) fail("E206", `${name} has rank ${x.rank}, not 3, in (examples, steps, features)`);
        const { query, value, key } = given as { query: Tensor; value: Tensor; key: Tensor };
        if (!same(key.shape[1], value.shape[1]))
          fail("E204", `key has ${key.shape[1]} steps but value has ${value.shape[1]}`);
        if (!same(query.shape[0], value.shape[0]) || !same(key.shape[0], value.shape[0]))
          fail("E204", `there are ${query.shape[0]} queries, ${key.shape[0]} keys and ${value.shape[0]} values`);
      },
    );
  }

  #checkCache(query: Tensor, { key, length }: AttentionCache): void {
    checkPlace(this.kind, "cache.length", length);
    const [examples, steps] = query.shape;
    const { keyDim } = this.options;
    if (typeof steps !== "number")
      refuse(
        this.kind,
        query,
        "E203",
        `the number of steps is ${steps}, and a cache needs a number`,
        "fix it in inputs",
      );
    const wanted = [examples!, key.shape[1]!, this.#kvHeads, keyDim];
    if (shapeText(key.shape) !== shapeText(wanted)) {
      refuse(
        this.kind,
        query,
        "E203",
        `cache.key is ${shapeText(key.shape)} where ${shapeText(wanted)} is wanted`,
        `make the cache by emptyCache(${examples}, places)`,
      );
    }
    if (Number(steps) > Number(key.shape[1])) {
      refuse(
        this.kind,
        query,
        "E204",
        `there are ${steps} steps but the cache has ${key.shape[1]} places`,
        "make a cache with more places",
      );
    }
  }

  #ofRankFour(mask: Tensor): Tensor {
    if (mask.dtype !== "bool") {
      throw new DTypeError("E201", this.kind, `mask is ${mask.dtype} where bool is wanted`, {
        operands: { mask },
        at: currentPath(),
        fix: "compare it, as in mask.notEqual(0)",
      });
    }
    if (mask.rank < 2 || mask.rank > 4)
      refuse(
        this.kind,
        mask,
        "E206",
        `mask has rank ${mask.rank}, not 2 to 4`,
        "give (T, S), (N, T, S) or (N, heads, T, S)",
      );
    return mask.rank === 3 ? mask.expandDims(1) : mask;
  }
}

function checkCount(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new OptionError(
    "E803",
    "multiHeadAttention",
    `${name} is ${valueText(value)}, which is no whole number from 1`,
    {
      fix: "give multiHeadAttention({ numHeads: 4, keyDim: 32 })",
    },
  );
}

const same = (a: unknown, b: unknown): boolean => String(a) === String(b);

/** (N, T, heads·features) → (N, T, heads, features) */
const heads = (x: Tensor, count: number, features: number): Tensor =>
  x.reshape([x.shape[0]!, x.shape[1]!, count, features]);

/**
 * Attention with several heads: `multiHeadAttention({ numHeads: 4, keyDim: 32 })`. It is called with a tensor, or with
 * `{ query, value }`.
 */
export const multiHeadAttention = (options: MultiHeadAttentionOptions): MultiHeadAttention =>
  new MultiHeadAttention(options);

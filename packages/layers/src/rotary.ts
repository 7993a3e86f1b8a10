import { type Context, checkOptions, rope, type Tensor } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { type PositionedInput, positioned } from "./positions.ts";

export interface RotaryOptions {
  /** The slowest pair of features turns by nearly `1/base` per step; 10,000 by default, as in the paper. */
  readonly base?: number;
  /** Whether neighbours are pairs, as in the paper and in PyTorch's examples, and not features of the two halves; false by default. */
  readonly interleaved?: boolean;
}

export const rotaryNames = ["base", "interleaved"];

/**
 * Turns the features of queries and keys in pairs, by angles that grow with the place, so that products of the two depend on
 * how far apart they are. (N, T, heads, d) → (N, T, heads, d)
 *
 * `multiHeadAttention({ …, rope: true })` does so by itself. Su et al. 2021, RoFormer: Enhanced transformer with rotary
 * position embedding, arXiv:2104.09864, eq. 34.
 */
export class Rotary extends Layer<PositionedInput> {
  readonly options: RotaryOptions;

  constructor(options: RotaryOptions = {}) {
    super();
    checkOptions("rotary", options, rotaryNames);
    checkNumber("rotary", "base", options.base ?? 10_000, 1, Infinity);
    this.options = options;
  }

  override get kind(): string {
    return "rotary";
  }

  override forward(given: PositionedInput, _ctx: Context): Tensor {
    const { x, offset } = positioned("rotary", given, "(examples, steps, heads, features)", 4);
    return keepMask(x, rope(x, { ...this.options, offset }));
  }
}

/** A layer that turns pairs of features by their place: `rotary()`. */
export const rotary = (options: RotaryOptions = {}): Rotary => new Rotary(options);

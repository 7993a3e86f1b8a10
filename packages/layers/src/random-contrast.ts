import { type Context, checkOptions, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { checkFactor, checkFloatPixels, drawEach, type Factor, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";

export interface RandomContrastOptions {
  /** The least and the largest value of a pixel, [0, 255] by default, as in Keras; images from 0 to 1 want [0, 1]. */
  readonly valueRange?: readonly [low: number, high: number];
}

/**
 * In training each channel of an image comes nearer to its mean or goes away from it, `(x − mean)·c + mean`, and stays
 * inside of the range of values; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * With one factor f, c is drawn from [1 − f, 1 + f), once for each image; with [lower, upper] from [1 − lower, 1 +
 * upper). Keras's `RandomContrast`.
 */
export class RandomContrast extends Layer {
  readonly lower: number;
  readonly upper: number;
  readonly valueRange: readonly [number, number];

  constructor(factor: Factor, options: RandomContrastOptions = {}) {
    super();
    const both = typeof factor === "number" ? ([factor, factor] as const) : factor;
    if (!(Array.isArray(both) && both.length === 2 && both.every((end) => end >= 0 && end <= 1))) {
      throw new OptionError(
        "E803",
        "randomContrast",
        `factor is ${valueText(factor)}, which is no number from 0 to 1`,
        {
          fix: "give a number such as 0.2, or how far down and how far up, such as [0.1, 0.3]",
        },
      );
    }
    checkOptions("randomContrast", options, ["valueRange"]);
    [this.lower, this.upper] = both as readonly [number, number];
    this.valueRange = checkFactor("randomContrast", "valueRange", options.valueRange ?? [0, 255], -Infinity, Infinity);
  }

  override get kind(): string {
    return "randomContrast";
  }

  override describe(): string {
    return `randomContrast ${1 - this.lower}…${1 + this.upper}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    imageSize("randomContrast", x);
    checkFloatPixels("randomContrast", x);
    if (!ctx.isTraining) return x;
    const mean = x.mean({ axis: [1, 2], keepDims: true });
    const contrast = drawEach(ctx.nextKey(), x, [1 - this.lower, 1 + this.upper], 4).cast(x.dtype);
    return x
      .sub(mean)
      .mul(contrast)
      .add(mean)
      .clamp(...this.valueRange);
  }
}

/** A layer that changes the contrast of images at random in training: `randomContrast(0.2, { valueRange: [0, 1] })`. */
export const randomContrast = (factor: Factor, options: RandomContrastOptions = {}): RandomContrast =>
  new RandomContrast(factor, options);

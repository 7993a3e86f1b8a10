import type { Context, Tensor } from "@tenon/tensor";
import { checkFactor, drawEach, type Factor, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";
import { checkResampling, type ResampleOptions, resample, resampleOptions } from "./resample.ts";

/**
 * In training each image is moved by a distance of its own; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * Factors are parts of the height, positive ones downwards, and of the width, positive ones to the right. Distances need
 * not be whole pixels. Keras's `RandomTranslation`.
 */
export class RandomTranslation extends Layer {
  readonly heightFactor: readonly [number, number];
  readonly widthFactor: readonly [number, number];
  readonly options: Required<ResampleOptions>;

  constructor(heightFactor: Factor, widthFactor: Factor, options: ResampleOptions = {}) {
    super();
    this.heightFactor = checkFactor("randomTranslation", "heightFactor", heightFactor, -1, 1);
    this.widthFactor = checkFactor("randomTranslation", "widthFactor", widthFactor, -1, 1);
    checkResampling("randomTranslation", options);
    this.options = resampleOptions("randomTranslation", options);
  }

  override get kind(): string {
    return "randomTranslation";
  }

  override describe(): string {
    return `randomTranslation ${this.heightFactor.join("…")}, ${this.widthFactor.join("…")}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const [height, width] = imageSize("randomTranslation", x);
    if (!ctx.isTraining) return x;
    const up = drawEach(ctx.nextKey(), x, this.heightFactor, 3).mul(-height);
    const left = drawEach(ctx.nextKey(), x, this.widthFactor, 3).mul(-width);
    return resample("randomTranslation", x, { rowOf: [1, 0, up], columnOf: [0, 1, left] }, this.options);
  }
}

/** A layer that moves images at random in training: `randomTranslation(0.1, 0.1)` by up to a tenth of their size. */
export const randomTranslation = (
  heightFactor: Factor,
  widthFactor: Factor,
  options: ResampleOptions = {},
): RandomTranslation => new RandomTranslation(heightFactor, widthFactor, options);

import type { Context, Tensor } from "@tenon/tensor";
import { checkFactor, drawEach, type Factor, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";
import { checkResampling, type ResampleOptions, resample, resampleOptions } from "./resample.ts";

/**
 * In training each image is turned about its middle by an angle of its own; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * The factor is in full turns, positive ones counter-clockwise: 0.1 is from −36° to 36°, [0, 0.25] to a quarter turn to
 * the left. Keras's `RandomRotation`.
 */
export class RandomRotation extends Layer {
  readonly factor: readonly [number, number];
  readonly options: Required<ResampleOptions>;

  constructor(factor: Factor, options: ResampleOptions = {}) {
    super();
    this.factor = checkFactor("randomRotation", "factor", factor, -1, 1);
    checkResampling("randomRotation", options);
    this.options = resampleOptions("randomRotation", options);
  }

  override get kind(): string {
    return "randomRotation";
  }

  override describe(): string {
    return `randomRotation ${this.factor.join("…")}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    imageSize("randomRotation", x);
    if (!ctx.isTraining) return x;
    const [low, high] = this.factor;
    const angle = drawEach(ctx.nextKey(), x, [2 * Math.PI * low, 2 * Math.PI * high], 3);
    const [cos, sin] = [angle.cos(), angle.sin()];
    return resample("randomRotation", x, { rowOf: [cos, sin, 0], columnOf: [sin.neg(), cos, 0] }, this.options);
  }
}

/** A layer that turns images at random in training: `randomRotation(0.1)` by up to 36° to either side. */
export const randomRotation = (factor: Factor, options: ResampleOptions = {}): RandomRotation =>
  new RandomRotation(factor, options);

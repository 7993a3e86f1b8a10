import type { Context, Tensor } from "@tenon/tensor";
import { checkFactor, drawEach, type Factor, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";
import { checkResampling, type ResampleOptions, resample, resampleOptions } from "./resample.ts";

export interface RandomZoomOptions extends ResampleOptions {
  /** That of the width; by default it goes with the height, so that proportions are kept. */
  readonly widthFactor?: Factor;
}

/**
 * In training each image is made larger or smaller about its middle; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * A factor of f shows 1 + f times as much: positive ones make things smaller, negative ones larger, and [-0.5, -0.5] is
 * twice the size. Keras's `RandomZoom`.
 */
export class RandomZoom extends Layer {
  readonly heightFactor: readonly [number, number];
  readonly widthFactor: readonly [number, number] | undefined;
  readonly options: Required<ResampleOptions>;

  constructor(heightFactor: Factor, options: RandomZoomOptions = {}) {
    super();
    this.heightFactor = checkFactor("randomZoom", "heightFactor", heightFactor, -1, 1);
    checkResampling("randomZoom", options, ["widthFactor"]);
    const { widthFactor } = options;
    if (widthFactor !== undefined) {
      this.widthFactor = checkFactor("randomZoom", "widthFactor", widthFactor, -1, 1);
    }
    this.options = resampleOptions("randomZoom", options);
  }

  override get kind(): string {
    return "randomZoom";
  }

  override describe(): string {
    const factors = [this.heightFactor, ...(this.widthFactor === undefined ? [] : [this.widthFactor])];
    return `randomZoom ${factors.map((factor) => factor.join("…")).join(", ")}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    imageSize("randomZoom", x);
    if (!ctx.isTraining) return x;
    const draw = (factor: readonly [number, number]): Tensor => drawEach(ctx.nextKey(), x, factor, 3).add(1);
    const tall = draw(this.heightFactor);
    const wide = this.widthFactor === undefined ? tall : draw(this.widthFactor);
    return resample("randomZoom", x, { rowOf: [tall, 0, 0], columnOf: [0, wide, 0] }, this.options);
  }
}

/** A layer that zooms images at random in training: `randomZoom(0.2)` shows from 0.8 to 1.2 times as much. */
export const randomZoom = (heightFactor: Factor, options: RandomZoomOptions = {}): RandomZoom =>
  new RandomZoom(heightFactor, options);

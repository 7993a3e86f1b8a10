import { type Context, dropout as drop, splat, type Tensor } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { checkPlaces, type SpatialRank, spatialAxes } from "./spatial.ts";

/**
 * In training each channel of each example is 0 everywhere with probability `rate` and divided by `1 − rate` otherwise; in
 * inference the input itself. Neighbours within a channel tell so much of each other that dropping single elements would
 * hide little. (N, …places, C) → (N, …places, C)
 *
 * The random numbers are those of `dropout`. Tompson, Goroshin, Jain, LeCun & Bregler 2015, Efficient object localization
 * using convolutional networks, arXiv:1411.4280, section 3.2.
 */
export class SpatialDropout extends Layer {
  readonly rank: SpatialRank;
  readonly rate: number;

  constructor(rank: SpatialRank, rate: number) {
    super();
    this.rank = rank;
    this.rate = checkNumber(this.kind, "rate", rate, 0, 1);
  }

  override get kind(): string {
    return `spatialDropout${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${this.rate}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    if (!ctx.isTraining || this.rate === 0) return x;
    const channels = [x.shape[0]!, ...spatialAxes(this.rank).map(() => 1), x.shape.at(-1)!];
    return keepMask(x, x.mul(drop(splat(1, channels, "float32"), ctx.nextKey(), { rate: this.rate }).cast(x.dtype)));
  }
}

/** A layer that drops whole channels of sequences in training: `spatialDropout1d(0.2)`. (N, steps, C) */
export const spatialDropout1d = (rate: number): SpatialDropout => new SpatialDropout(1, rate);

/** A layer that drops whole channels of images in training: `spatialDropout2d(0.2)`. (N, height, width, C) */
export const spatialDropout2d = (rate: number): SpatialDropout => new SpatialDropout(2, rate);

/** A layer that drops whole channels of volumes in training: `spatialDropout3d(0.2)`. (N, depth, height, width, C) */
export const spatialDropout3d = (rate: number): SpatialDropout => new SpatialDropout(3, rate);

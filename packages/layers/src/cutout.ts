import { and, type Context, checkOptions, iota, select, type Tensor } from "@tenon/tensor";
import { checkNumber, checkSize } from "./check.ts";
import { drawWhole, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";

export interface CutoutOptions {
  /** What the square is filled with, 0 by default: the mean of images that were normalised. */
  readonly value?: number;
}

/**
 * In training a square of each image is hidden; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * The middle of the square is any pixel, all being equally likely, so that a part of it may lie outside. DeVries & Taylor
 * 2017, Improved regularization of convolutional neural networks with cutout, arXiv:1708.04552.
 */
export class Cutout extends Layer {
  readonly size: number;
  readonly value: number;

  constructor(size: number, options: CutoutOptions = {}) {
    super();
    this.size = checkSize("cutout", "size", size);
    checkOptions("cutout", options, ["value"]);
    this.value = checkNumber("cutout", "value", options.value ?? 0, -Infinity, Infinity);
  }

  override get kind(): string {
    return "cutout";
  }

  override describe(): string {
    return `cutout ${this.size} × ${this.size}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const [height, width] = imageSize("cutout", x);
    if (!ctx.isTraining) return x;
    const rows = this.#hidden(ctx, x, height).reshape([x.shape[0]!, height, 1, 1]);
    const columns = this.#hidden(ctx, x, width).reshape([x.shape[0]!, 1, width, 1]);
    return select(and(rows, columns), this.value, x);
  }

  /** Which of `n` rows or columns the square has. (N, n) */
  #hidden(ctx: Context, x: Tensor, n: number): Tensor {
    const first = drawWhole(ctx.nextKey(), x, n, 2)
      .cast("int32")
      .sub(Math.floor(this.size / 2));
    const at = iota([1, n], 1);
    return and(at.greaterEqual(first), at.less(first.add(this.size)));
  }
}

/** A layer that hides a square of `size` × `size` pixels of each image in training: `cutout(8)`. */
export const cutout = (size: number, options: CutoutOptions = {}): Cutout => new Cutout(size, options);

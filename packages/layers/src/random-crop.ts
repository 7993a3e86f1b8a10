import { type Context, gather, iota, type Tensor } from "@tenon/tensor";
import { checkSize, refuse } from "./check.ts";
import { drawWhole, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";

/**
 * In training a part of each image, at a place of its own that is drawn at random; in inference the middle. (N, h, w, C)
 * → (N, height, width, C)
 *
 * Keras's `RandomCrop`, but that a batch has as many places as images, and that an image smaller than the part is an
 * error: put padding before the layer.
 */
export class RandomCrop extends Layer {
  readonly height: number;
  readonly width: number;

  constructor(height: number, width: number) {
    super();
    this.height = checkSize("randomCrop", "height", height);
    this.width = checkSize("randomCrop", "width", width);
  }

  override get kind(): string {
    return "randomCrop";
  }

  override describe(): string {
    return `randomCrop ${this.height} × ${this.width}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const [height, width] = imageSize("randomCrop", x);
    const [down, right] = [height - this.height, width - this.width];
    if (down < 0 || right < 0) {
      refuse(
        "randomCrop",
        x,
        "E210",
        `a part of ${this.height} × ${this.width} does not fit into images of ${height} × ${width}`,
        "crop less, or put padding before the layer",
      );
    }
    if (!ctx.isTraining) {
      const [top, left] = [Math.floor(down / 2), Math.floor(right / 2)];
      return x.sliceAxis(1, top, top + this.height).sliceAxis(2, left, left + this.width);
    }
    const rows = drawn(ctx, x, down, this.height);
    const columns = drawn(ctx, x, right, this.width);
    return gather(gather(x, rows, { axis: 1, batch: 1 }), columns, { axis: 2, batch: 1 });
  }
}

/** For each example `size` numbers in a row, the first from 0 to `last`. (N, size) */
const drawn = (ctx: Context, x: Tensor, last: number, size: number): Tensor =>
  drawWhole(ctx.nextKey(), x, last + 1, 2)
    .cast("int32")
    .add(iota([1, size], 1));

/** A layer that crops images to `height` × `width`: at random in training, to their middle in inference. */
export const randomCrop = (height: number, width: number): RandomCrop => new RandomCrop(height, width);

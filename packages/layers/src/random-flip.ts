import { type Context, OptionError, reverse, select, type Tensor, valueText } from "@tenon/tensor";
import { drawEach, imageSize } from "./image-batch.ts";
import { Layer } from "./layer.ts";

/** Left and right change places, top and bottom do, or each by itself. */
export type FlipMode = "horizontal" | "vertical" | "horizontalAndVertical";

const axes: Readonly<Record<FlipMode, readonly number[]>> = {
  horizontal: [2],
  vertical: [1],
  horizontalAndVertical: [2, 1],
};

/**
 * In training each image is flipped with probability ½, for every direction by itself; in inference the input itself.
 * Shape is kept: (N, height, width, C).
 *
 * The random numbers are those of the context's key: the same key flips the same images. Keras's `RandomFlip`.
 */
export class RandomFlip extends Layer {
  readonly mode: FlipMode;

  constructor(mode: FlipMode = "horizontalAndVertical") {
    super();
    if (!Object.hasOwn(axes, mode)) {
      throw new OptionError("E803", "randomFlip", `mode is ${valueText(mode)}`, {
        fix: `use one of ${Object.keys(axes).join(", ")}`,
      });
    }
    this.mode = mode;
  }

  override get kind(): string {
    return "randomFlip";
  }

  override describe(): string {
    return `randomFlip ${this.mode}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    imageSize("randomFlip", x);
    if (!ctx.isTraining) return x;
    return axes[this.mode].reduce((y, axis) => {
      const flips = drawEach(ctx.nextKey(), x, [0, 1], 4).less(0.5);
      return select(flips, reverse(y, { axis }), y);
    }, x);
  }
}

/** A layer that flips images at random in training: `randomFlip("horizontal")`. */
export const randomFlip = (mode: FlipMode = "horizontalAndVertical"): RandomFlip => new RandomFlip(mode);

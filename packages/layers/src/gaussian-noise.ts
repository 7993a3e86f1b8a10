import { type Context, randomNormal, type Tensor } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

/**
 * In training normally distributed numbers of mean 0 and deviation `stddev` are added; in inference the input itself. Shape
 * is kept.
 *
 * The random numbers are those of the context's key, the layer's path and the number of the call.
 */
export class GaussianNoise extends Layer {
  readonly stddev: number;

  constructor(stddev: number) {
    super();
    this.stddev = checkNumber("gaussianNoise", "stddev", stddev, 0, Infinity);
  }

  override get kind(): string {
    return "gaussianNoise";
  }

  override describe(): string {
    return `gaussianNoise ${this.stddev}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    if (!ctx.isTraining || this.stddev === 0) return x;
    return keepMask(x, x.add(noise(x, ctx, { std: this.stddev })));
  }
}

/** Normal numbers for each element of `x`, in its dtype; of float32 where it has none with fractions. */
export function noise(x: Tensor, ctx: Context, options: { readonly mean?: number; readonly std: number }): Tensor {
  const z = randomNormal(ctx.nextKey(), x.shape, options);
  return x.dtype === "float16" || x.dtype === "bfloat16" ? z.cast(x.dtype) : z;
}

/** A layer that adds noise in training: `gaussianNoise(0.1)`. */
export const gaussianNoise = (stddev: number): GaussianNoise => new GaussianNoise(stddev);

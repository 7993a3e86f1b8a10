import type { Context, Tensor } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import { noise } from "./gaussian-noise.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

/**
 * In training each element is multiplied by a normal number of mean 1 and variance `rate/(1 − rate)`, that of dropout's
 * factor; in inference the input itself. Shape is kept.
 *
 * The random numbers are those of the context's key, the layer's path and the number of the call. Srivastava, Hinton,
 * Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout, section 10.
 */
export class GaussianDropout extends Layer {
  readonly rate: number;

  constructor(rate: number) {
    super();
    this.rate = checkNumber("gaussianDropout", "rate", rate, 0, 1, true);
  }

  override get kind(): string {
    return "gaussianDropout";
  }

  override describe(): string {
    return `gaussianDropout ${this.rate}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    if (!ctx.isTraining || this.rate === 0) return x;
    return keepMask(x, x.mul(noise(x, ctx, { mean: 1, std: Math.sqrt(this.rate / (1 - this.rate)) })));
  }
}

/** A layer that multiplies by noise in training: `gaussianDropout(0.5)`. */
export const gaussianDropout = (rate: number): GaussianDropout => new GaussianDropout(rate);

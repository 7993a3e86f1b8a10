import { type Context, dropout as drop, type Tensor } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

/**
 * In training each element is 0 with probability `rate` and divided by `1 − rate` otherwise, so that the mean is kept; in
 * inference the input itself. Shape is kept.
 *
 * The random numbers are those of the context's key, the layer's path and the number of the call: the same key drops the
 * same elements. Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout: a simple way to prevent neural
 * networks from overfitting.
 */
export class Dropout extends Layer {
  readonly rate: number;

  constructor(rate: number) {
    super();
    this.rate = checkNumber("dropout", "rate", rate, 0, 1);
  }

  override get kind(): string {
    return "dropout";
  }

  override describe(): string {
    return `dropout ${this.rate}`;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    return ctx.isTraining && this.rate > 0 ? keepMask(x, drop(x, ctx.nextKey(), { rate: this.rate })) : x;
  }
}

/** A layer that drops elements in training: `dropout(0.5)` drops half of them. */
export const dropout = (rate: number): Dropout => new Dropout(rate);

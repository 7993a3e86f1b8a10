import { type Context, OptionError, valueText } from "@tenon/tensor";
import { Layer } from "./layer.ts";

/**
 * A function as a layer of its own: of a tensor, or of a list or record of them, and of the context. For a function that
 * keeps the shape `activation` does.
 *
 * Variables that the function uses are not the layer's, and are not trained with it: a class of one's own has fields for them.
 *
 * @typeParam X What it is called with.
 * @typeParam Y What it gives.
 */
export class Lambda<X, Y> extends Layer<X, Y> {
  readonly #f: (x: X, ctx: Context) => Y;

  constructor(f: (x: X, ctx: Context) => Y) {
    super();
    if (typeof f !== "function") {
      throw new OptionError("E803", "lambda", `f is ${valueText(f)}, which is no function`, {
        fix: "give a function of a tensor, as in lambda((x) => x.square())",
      });
    }
    this.#f = f;
  }

  override get kind(): string {
    return "lambda";
  }

  override describe(): string {
    return this.#f.name === "" ? "lambda" : `lambda ${this.#f.name}`;
  }

  override forward(x: X, ctx: Context): Y {
    return this.#f(x, ctx);
  }
}

/** A layer of a function: `lambda((x: Tensor) => x.mean({ axis: 1 }))`. */
export const lambda = <X, Y>(f: (x: X, ctx: Context) => Y): Lambda<X, Y> => new Lambda(f);

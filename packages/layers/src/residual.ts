import type { Tensor } from "@tenon/tensor";
import { type Context, checked, checkOptions, fail, OptionError, sameShape, typeText, valueText } from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { isLayer } from "./state.ts";

export interface ResidualOptions {
  /** What the input goes through on its way past the body, such as a convolution by 1 where the body changes the shape. */
  readonly shortcut?: Layer;
}

/**
 * A layer with a way past it, `x + body(x)`, so that it learns what to change; with a shortcut `shortcut(x) + body(x)`.
 *
 * He, Zhang, Ren & Sun 2016, Deep residual learning for image recognition, arXiv:1512.03385, eq. 1 and 2.
 */
export class Residual extends Layer {
  readonly body: Layer;
  readonly shortcut: Layer | null;

  constructor(body: Layer, options: ResidualOptions = {}) {
    super();
    checkOptions("residual", options, ["shortcut"]);
    const { shortcut = null } = options;
    for (const [name, layer] of [["body", body] as const, ["shortcut", shortcut] as const]) {
      if (isLayer(layer) || (name === "shortcut" && layer === null)) continue;
      throw new OptionError("E803", "residual", `${name} is ${valueText(layer)}, which is no layer`, {
        fix: "give one layer, such as sequential([conv2d(8, 3), batchNorm()])",
      });
    }
    this.body = body;
    this.shortcut = shortcut;
  }

  override get kind(): string {
    return "residual";
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const past = this.shortcut === null ? x : this.shortcut.call(x, ctx);
    const y = this.body.call(x, ctx);
    checked(
      "residual",
      { [this.shortcut === null ? "x" : "shortcut"]: typeText(past), body: typeText(y) },
      () =>
        this.shortcut === null
          ? "keep the shape in the body, or give a shortcut that changes it too, such as conv2d(filters, 1)"
          : "give body and shortcut the same strides and as many channels",
      () => {
        if (!sameShape(past.shape, y.shape))
          fail("E203", "the body's result has another shape than what it is added to");
      },
    );
    return keepMask(past, past.add(y));
  }
}

/** A layer with a way past it: `residual(sequential([conv2d(8, 3, { padding: "same" }), batchNorm()]))`. */
export const residual = (body: Layer, options: ResidualOptions = {}): Residual => new Residual(body, options);

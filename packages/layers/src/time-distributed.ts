import { type Context, dimMul, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask, masked, maskOf } from "./mask.ts";
import { isLayer } from "./state.ts";

/**
 * A layer on each step of a sequence, with the same Variables at all steps. (N, T, …) → (N, T, …)
 *
 * The steps are examples of the layer: batch statistics are over examples and steps. A `dense` layer does the same by
 * itself.
 */
export class TimeDistributed extends Layer {
  readonly layer: Layer;

  constructor(layer: Layer) {
    super();
    if (!isLayer(layer)) {
      throw new OptionError("E803", "timeDistributed", `the layer is ${valueText(layer)}, which is no layer`, {
        fix: "give one layer, as in timeDistributed(conv2d(8, 3))",
      });
    }
    this.layer = layer;
  }

  override get kind(): string {
    return "timeDistributed";
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const [examples, steps, ...rest] = x.shape;
    if (examples === undefined || steps === undefined) {
      return refuse(
        "timeDistributed",
        x,
        "E206",
        `the input has rank ${x.rank}, and no axis of steps`,
        "give it (examples, steps, …)",
      );
    }
    const mask = maskOf(x);
    const inner = mask !== undefined && mask.rank > 2 ? mask.reshape([-1, ...mask.shape.slice(2)]) : undefined;
    const all = x.reshape([dimMul(examples, steps), ...rest]);
    const y = this.layer.call(masked(all, inner), ctx);
    return keepMask(x, y.reshape([examples, steps, ...y.shape.slice(1)]));
  }
}

/** A layer on each step of a sequence: `timeDistributed(sequential([conv2d(8, 3), flatten()]))`. */
export const timeDistributed = (layer: Layer): TimeDistributed => new TimeDistributed(layer);

import type { Context, Tensor } from "@tenon/tensor";
import { checkSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";

/** Each example's features `count` times, one after another: a sequence for a decoder. (N, features) → (N, count, features) */
export class RepeatVector extends Layer {
  readonly count: number;

  constructor(count: number) {
    super();
    this.count = checkSize("repeatVector", "count", count);
  }

  override get kind(): string {
    return "repeatVector";
  }

  override describe(): string {
    return `repeatVector ${this.count}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    if (x.rank !== 2) {
      refuse(
        "repeatVector",
        x,
        "E206",
        `the input has rank ${x.rank}, not 2, in (N, features)`,
        "flatten it first, as by flatten()",
      );
    }
    const [examples, features] = x.shape as [number, number];
    return x.expandDims(1).broadcastTo([examples, this.count, features]);
  }
}

/** A layer that repeats each example's features: `repeatVector(5)`. */
export const repeatVector = (count: number): RepeatVector => new RepeatVector(count);

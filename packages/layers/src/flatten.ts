import { type Context, flatten as flattenFrom, type Tensor } from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";

/** Each example as one axis. (N, …) → (N, product of the others) */
export class Flatten extends Layer {
  override get kind(): string {
    return "flatten";
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    if (x.rank === 0)
      refuse("flatten", x, "E206", "the input has rank 0, and no axis of examples", "give it a batch of examples");
    return x.rank === 1 ? x.reshape([x.shape[0]!, 1]) : flattenFrom(x, { start: 1 });
  }
}

/** A layer that gives each example one axis, as before the first dense layer of a network for images. */
export const flatten = (): Flatten => new Flatten();

import { type Context, checkList, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";

/** Each example in another shape, its elements in row-major order. (N, …) → (N, …shape) */
export class Reshape extends Layer {
  readonly shape: readonly number[];

  constructor(shape: readonly number[]) {
    super();
    checkList("reshape", "the shape", shape, "reshape([28, 28, 1])");
    for (const size of shape) {
      if (Number.isSafeInteger(size) && size >= -1) continue;
      throw new OptionError("E803", "reshape", `the shape has ${valueText(size)}, which is no size`, {
        fix: "use whole numbers, at most one of them -1",
      });
    }
    this.shape = [...shape];
  }

  override get kind(): string {
    return "reshape";
  }

  override describe(): string {
    return `reshape [${this.shape.join(", ")}]`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const [examples] = x.shape;
    if (examples === undefined)
      return refuse(
        "reshape",
        x,
        "E206",
        "the input has rank 0, and no axis of examples",
        "give it a batch of examples",
      );
    return x.reshape([examples, ...this.shape]);
  }
}

/** A layer that gives each example another shape, without the axis of examples: `reshape([28, 28, 1])`. One size may be -1. */
export const reshape = (shape: readonly number[]): Reshape => new Reshape(shape);

import { type Context, checkList, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";

/**
 * Each example with its axes in another order: axis `i + 1` of the result is axis `order[i]` of the input. The axis of
 * examples is 0 and stays, as in Keras: `[2, 1]` exchanges the other two. (N, a, b, …) → (N, b, a, …)
 */
export class Permute extends Layer {
  readonly order: readonly number[];

  constructor(order: readonly number[]) {
    super();
    checkList("permute", "the order", order, "permute([2, 1])");
    const wanted = order.map((_, i) => i + 1);
    if (order.length === 0 || order.toSorted((a, b) => a - b).join() !== wanted.join()) {
      throw new OptionError("E803", "permute", `the order is ${valueText(order)}, which is none of the axes from 1`, {
        fix: "list every axis but that of the examples once, as in permute([2, 1])",
      });
    }
    this.order = [...order];
  }

  override get kind(): string {
    return "permute";
  }

  override describe(): string {
    return `permute [${this.order.join(", ")}]`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const axes = this.order.length + 1;
    if (x.rank !== axes) {
      refuse(
        "permute",
        x,
        "E206",
        `the input has rank ${x.rank} but the order [${this.order.join(", ")}] is of rank ${axes}`,
        "list every axis but that of the examples once",
      );
    }
    return x.transpose([0, ...this.order]);
  }
}

/** A layer that changes the order of each example's axes, counted from 1: `permute([2, 1])`. */
export const permute = (order: readonly number[]): Permute => new Permute(order);

import type { Tensor } from "@tenon/ir";
import { linearIn } from "../emit/strided.ts";
import { indexAxes, viewOf } from "../view.ts";
import { addressOf } from "../view-address.ts";

/**
 * The order of some axes of a tensor in which their elements lie in memory, side by side along the last one, so that neighbouring
 * threads read neighbouring elements: places in the list. As they are listed where that is not known.
 */
export function inOrder(x: Tensor, axes: readonly number[]): readonly number[] {
  const index = indexAxes(x);
  const [read] = viewOf(x, index).reads; // what is read behind a mask comes before the zeros around it
  const lies = read && linearIn(addressOf(read.source.shape, read.index), index);
  const steps = axes.map((axis) => {
    const step = lies?.strides[axis];
    return step?.kind === "constant" ? step.value : undefined;
  });
  const given = axes.map((_, n) => n);
  return steps.includes(undefined) ? given : given.sort((m, n) => steps[n]! - steps[m]!);
}

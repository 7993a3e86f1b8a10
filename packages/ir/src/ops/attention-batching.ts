import { type Dim, dimFloorDiv, dimMul, sameDim } from "../dim.ts";
import { alignBatch, broadcastShape } from "../promote.ts";
import type { Tensor } from "../tensor.ts";
import { reshape } from "./reshape.ts";

/**
 * The operands of attention with `size` examples of each as one batch. A mask or bias that is the same throughout the batch
 * and for all examples stays so, unless `apart` asks for one per example, whose cotangents differ.
 */
export function intoBatch(
  args: readonly Tensor[],
  batched: readonly boolean[],
  size: Dim,
  apart: boolean,
): readonly Tensor[] {
  const batch = args[0]!.shape[batched[0] ? 1 : 0]!;
  return args.map((x, i) => {
    const biasApart = apart && i === args.length - 1;
    if (batched[i] !== true && sameDim(x.shape[0]!, 1) && !sameDim(batch, 1) && !biasApart) return x;
    const [each] = alignBatch([x], [batched[i]!], size);
    const full = broadcastShape(each!, each!.shape.with(1, batch));
    return reshape(full, [dimMul(size, batch), ...full.shape.slice(2)]);
  });
}

/** A result with the examples along an axis of their own again. */
export const outOfBatch = (y: Tensor, size: Dim): Tensor =>
  reshape(y, [size, dimFloorDiv(y.shape[0]!, size), ...y.shape.slice(1)]);

import { accumulator, full, type Tensor, type TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";

/** One slot per parameter, filled with a number. Those of 16-bit parameters are float32: small changes would be lost. */
export const slotsLike = (params: TensorTree, value = 0): TensorTree =>
  treeMap((p: Tensor) => full(p.shape, value, accumulator(p.dtype)), params) as TensorTree;

/** A gradient in the dtype of its slot. */
export const inSlot = (g: Tensor, slot: Tensor): Tensor => g.cast(slot.dtype);

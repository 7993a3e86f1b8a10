import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkNumber, POSITIVE } from "./range.ts";
import { stateless, type Transform } from "./transform.ts";

/** Holds every element of the gradients between `−limit` and `limit`. */
export function clipByValue(limit: number): Transform<null> {
  checkNumber("clipByValue", "limit", limit, POSITIVE);
  return stateless("clip", (grads) => treeMap((g: Tensor) => g.clamp(-limit, limit), grads) as TensorTree);
}

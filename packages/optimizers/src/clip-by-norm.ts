import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { globalNorm, shrink } from "./clip-by-global-norm.ts";
import { checkNumber, POSITIVE } from "./range.ts";
import { stateless, type Transform } from "./transform.ts";

/** Shrinks the gradient of each parameter by itself so that its norm is at most `maxNorm`: `u = g · maxNorm / max(‖g‖, maxNorm)`. */
export function clipByNorm(maxNorm: number): Transform<null> {
  checkNumber("clipByNorm", "maxNorm", maxNorm, POSITIVE);
  return stateless(
    "clip",
    (grads) => treeMap((g: Tensor) => g.mul(shrink(globalNorm(g), maxNorm)).cast(g.dtype), grads) as TensorTree,
  );
}

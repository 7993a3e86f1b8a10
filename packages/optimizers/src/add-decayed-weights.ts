import type { Tensor, TensorTree } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkNumber, NOT_NEGATIVE } from "./range.ts";
import { stateless, type Transform } from "./transform.ts";

/**
 * Adds a share of the parameters, `u = g + weightDecay · p`.
 *
 * Before a link that scales gradients this is an L2 penalty; after it, and before the learning rate, it is decoupled
 * weight decay. Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2.
 */
export function addDecayedWeights(weightDecay: number): Transform<null> {
  checkNumber("addDecayedWeights", "weightDecay", weightDecay, NOT_NEGATIVE);
  return stateless(
    "decay",
    (grads, params) => treeMap((g: Tensor, p: Tensor) => g.add(p.mul(weightDecay)), grads, params) as TensorTree,
  );
}

import { accumulator, constant, type Tensor, type TensorTree } from "@tenon/tensor";
import { treeLeaves, treeMap } from "@tenon/tree";
import { checkNumber, POSITIVE } from "./range.ts";
import { stateless, type Transform } from "./transform.ts";

/**
 * Shrinks all gradients together so that their common norm is at most `maxNorm`: `u = g · maxNorm / max(‖g‖, maxNorm)`,
 * with `‖g‖² = Σ g²` over all parameters. Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1.
 */
export function clipByGlobalNorm(maxNorm: number): Transform<null> {
  checkNumber("clipByGlobalNorm", "maxNorm", maxNorm, POSITIVE);
  return stateless("clip", (grads) => {
    const scale = shrink(globalNorm(grads), maxNorm);
    return treeMap((g: Tensor) => g.mul(scale).cast(g.dtype), grads) as TensorTree;
  });
}

/** The root of the sum of all squares in a tree, of rank 0, in float32 or wider. */
export function globalNorm(tree: TensorTree): Tensor {
  const squares = (treeLeaves<unknown>(tree) as Tensor[]).map((g) => g.cast(accumulator(g.dtype)).square().sum());
  return squares.reduce((total, s) => total.add(s), constant(0)).sqrt();
}

/** The factor that makes a norm at most `maxNorm`. */
export const shrink = (norm: Tensor, maxNorm: number): Tensor =>
  constant(maxNorm, [], norm.dtype).div(norm.maximum(maxNorm));

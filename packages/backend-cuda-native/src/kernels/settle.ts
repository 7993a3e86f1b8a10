import type { Rule } from "@tenon/lowering";
import { splitProduct, splitReduction } from "@tenon/lowering/threads";
import { liesEvenly } from "../blas/even.ts";

/**
 * Sums in parts, where a device would have little to do. With a library, products that may be its own are left whole, since it splits
 * them by itself, and better. Whether a product will be its own, only the kernel tells, which is made later: where what follows the
 * product, or little work, keeps the library from it, the kernel of our own has all terms, as it would without parts.
 */
export const settleFor =
  (library: boolean): Rule =>
  (node, _original) => {
    const reduction = splitReduction(node);
    if (reduction !== undefined) return reduction;
    const product = splitProduct(node);
    return product !== undefined && library && liesEvenly(node) ? undefined : product;
  };

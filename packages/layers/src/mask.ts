import { applyOp, checked, DTypeError, fail, reshapeOp, sameDim, shapeText, type Tensor } from "@tenon/tensor";

const masks = new WeakMap<Tensor, Tensor>();

/** Which steps of a sequence are real, where that is known. (N, T) bool, true at a real step */
export const maskOf = (x: Tensor): Tensor | undefined => masks.get(x);

/**
 * The same tensor with a mask beside it, which says what steps are real: recurrent and attention layers leave the others
 * out. (N, T, …), (N, T) bool → (N, T, …)
 *
 * A mask goes along as long as layers keep the steps apart, as `dense` and `dropout` do. It does not go into a compiled
 * function, whose arguments are other tensors: there pass it as an argument, or make it inside.
 */
export function withMask(x: Tensor, mask: Tensor): Tensor {
  if (mask.dtype !== "bool") {
    throw new DTypeError("E201", "withMask", `the mask is ${mask.dtype} where bool is wanted`, {
      operands: { x, mask },
      fix: "compare it, as in ids.notEqual(0)",
    });
  }
  checked(
    "withMask",
    { x, mask },
    () => "give one bool for each step of each example, as in ids.notEqual(0)",
    () => {
      if (!fits(mask, x))
        fail("E203", `the mask is ${shapeText(mask.shape)}, which is no beginning of ${shapeText(x.shape)}`);
    },
  );
  return masked(applyOp(reshapeOp, [x], { shape: x.shape })[0]!, mask); // another tensor, so that x has no mask still
}

/** A tensor that was just made, with its mask. */
export function masked(y: Tensor, mask: Tensor | undefined): Tensor {
  if (mask !== undefined) masks.set(y, mask);
  return y;
}

/** A result whose steps are those of `x`, with the mask of `x`. */
export const keepMask = (x: Tensor, y: Tensor): Tensor => masked(y, masks.get(x));

/** A result whose steps are those of several tensors: a step is real where all that have a mask say so. */
export function keepMasks(xs: readonly Tensor[], y: Tensor): Tensor {
  const known = xs.flatMap((x) => masks.get(x) ?? []).filter((mask) => fits(mask, y));
  return known.length === 0
    ? y
    : masked(
        y,
        known.reduce((a, b) => a.and(b)),
      );
}

const fits = (mask: Tensor, x: Tensor): boolean =>
  mask.rank <= x.rank && mask.shape.every((d, i) => sameDim(d, x.shape[i]!));

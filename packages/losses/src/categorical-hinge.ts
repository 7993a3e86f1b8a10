import { greater, max, relu, sum, type Tensor, where } from "@tenon/tensor";
import { classesOf, paired } from "./operands.ts";

/**
 * How far the right class is from leading by 1: `max(0, 1 + max_{j≠y} x_j − x_y)`, for one-hot targets.
 * (…, classes), (…, classes) → (…)
 *
 * Crammer & Singer 2001, On the algorithmic implementation of multiclass kernel-based vector machines, equation 2. Keras also
 * counts a score of 0 among the others, which differs where all of them are negative.
 */
export function categoricalHinge(predictions: Tensor, targets: Tensor): Tensor {
  const [x, t] = paired("categoricalHinge", predictions, targets);
  classesOf("categoricalHinge", x);
  const right = sum(x.mul(t), { axis: -1 });
  const best = max(where(greater(t, 0), -Infinity, x), { axis: -1 });
  return relu(best.sub(right).add(1));
}

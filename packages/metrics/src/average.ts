import { type Dim, sizeOf, type Tensor, toTensor } from "@tenon/tensor";
import { type ExactSum, exactAdd, exactValues, exactZero } from "./exact-sum.ts";
import type { Metric } from "./metric.ts";
import { weightsFor } from "./operands.ts";

export type AverageState = { total: ExactSum; count: ExactSum };

/**
 * A metric that is the mean of one value per example, `Σ w·v / Σ w`: each `v`, or `w·v`, is rounded to float32,
 * their sums are not, and are divided on the host. Without examples it is NaN.
 */
export function averageOf(
  name: string,
  valuesOf: (predictions: Tensor, targets: Tensor) => Tensor,
): Metric<AverageState, number> {
  return {
    name,
    init: () => ({ total: exactZero(), count: exactZero() }),
    update({ total, count }, predictions, targets, weights) {
      const given = valuesOf(predictions, targets);
      const values = given.dtype === "bool" ? given.cast("int32") : given;
      if (weights === undefined) {
        return { total: exactAdd(total, values), count: exactAdd(count, countOf(sizeOf(values.shape))) };
      }
      const w = weightsFor(name, values, weights);
      return { total: exactAdd(total, values.mul(w)), count: exactAdd(count, w) };
    },
    async result({ total, count }) {
      const [[sum], [examples]] = await Promise.all([exactValues(total), exactValues(count)]);
      return sum! / examples!;
    },
  };
}

const countOf = (size: Dim): Tensor => toTensor("count", size, "int32");

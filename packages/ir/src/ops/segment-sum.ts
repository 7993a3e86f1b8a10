import type { Dim } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { checkTensor, convertTo, splat } from "../promote.ts";
import type { Operand } from "../record.ts";
import { checked, fail } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { sameShape, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { toIndices } from "./indexing.ts";
import { scatter } from "./scatter.ts";

/**
 * Sums of the rows of `x` that have the same number among `ids`, in any order: `y_s = Σ x_i` over all i with `ids_i = s`.
 * (n, …), (n) → (segments, …); the ids may have more axes, which are then the first of x. A segment of no rows is 0, an id
 * out of range belongs to none. 16-bit floats are added in float32. TensorFlow's `unsorted_segment_sum`, PyTorch's `index_add`.
 */
export function segmentSum(x: Tensor, ids: Operand, options: { readonly segments: Dim }): Tensor {
  checkTensor("segmentSum", "x", x);
  checkOptions("segmentSum", options, ["segments"]);
  const at = toIndices("segmentSum", ids);
  checked(
    "segmentSum",
    { x, ids: at },
    () => undefined,
    () => {
      if (!sameShape(x.shape.slice(0, at.rank), at.shape))
        fail(
          "E203",
          `ids are ${shapeText(at.shape)} but x begins with ${shapeText(x.shape.slice(0, at.rank))}, in (n,…),(n)->(segments,…)`,
          "give an id for each row of x",
        );
    },
  );
  const rows = widen(x);
  const zeros = splat(0, [options.segments, ...x.shape.slice(at.rank)], rows.dtype);
  return convertTo(scatter(zeros, at, rows, { axis: 0 }), x.dtype);
}

export const segmentSumSamples = () =>
  samplesOf(segmentSum, [
    [normal([6, 2]), integers([6], -1, 4), { segments: 4 }], // some out of range
    [normal([2, 3, 2]), integers([2, 3], 0, 2), { segments: 3 }],
    [normal([5], { dtype: "float16", scale: 100 }), integers([5], 0, 1), { segments: 2 }],
    [normal([0, 2]), integers([0], 0, 1), { segments: 2 }],
  ]);

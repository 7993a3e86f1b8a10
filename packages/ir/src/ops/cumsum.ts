import { axis, bool } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { dimRange } from "../dim.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { elementwiseType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { shifted } from "./shifted.ts";

/**
 * Running sums along `axis`, `y_i = Σ_{j ≤ i} x_j`, or from the end if `reverse`. Shape is kept; integers wrap; 16-bit
 * floats are added up in float32.
 *
 * Decomposed in `⌈log₂ n⌉` steps, each of which adds the sums so far at twice the distance of the step before
 * (Hillis & Steele 1986, Data parallel algorithms). A symbolic `n` takes the steps of its largest value.
 */
export const cumsumOp: OpRecord = opRecord({
  name: "nn.cumsum",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axis: axis(-1), reverse: bool(false) },
  type: ([x]) => elementwiseType([x], "number", ["x"]),
  decompose([x], { axis, reverse }) {
    const [, longest] = dimRange(x.shape[axis]!);
    let y = widen(x);
    for (let by = 1; by < longest; by *= 2) y = y.add(shifted(y, axis, reverse ? -by : by));
    return convertTo(y, x.dtype);
  },
  linear: true,
  vjp: (_args, _results, [dy], { axis, reverse }) => applyOp(cumsumOp, [dy], { axis, reverse: !reverse }),
});

export const cumsumBatching: Batching<["x"]> = ([x], _batched, { axis, reverse }) =>
  applyOp(cumsumOp, [x], { axis: axis + 1, reverse });

/** Running sums along `axis`, the last by default; from the end if `reverse`. bool counts as int32. */
export function cumsum(x: Tensor, options: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor {
  checkTensor("cumsum", "x", x);
  return applyOp(cumsumOp, [x.dtype === "bool" ? x.cast("int32") : x], options)[0]!;
}

export const cumsumSamples = () =>
  samplesOf(cumsumOp, [
    [normal([7])],
    [normal([3, 4, 2]), { axis: 1, reverse: true }],
    [integers([9], -9, 9)],
    [normal([2, 8], { dtype: "float16" }), { axis: 1 }],
    [normal([2, 1])],
    [normal([2, 0])],
  ]);

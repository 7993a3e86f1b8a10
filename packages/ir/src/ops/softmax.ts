import { axis } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { defineOp, type Unary } from "../op.ts";
import { convertTo } from "../promote.ts";
import { elementwiseType } from "../rule.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { widen } from "../widen.ts";
import { exp } from "./exponential.ts";
import { sum } from "./reduce.ts";
import { largest } from "./statistic.ts";

/**
 * Exponentials along `axis`, scaled to sum to one: `y_i = exp(x_i) / Σ_j exp(x_j)`. Shape is kept.
 *
 * The largest entry is subtracted first, so that no finite input overflows. 16-bit floats are computed in float32.
 */
export const softmax: Unary<{ axis: number }> = defineOp({
  name: "nn.softmax",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axis: axis(-1) },
  type: ([x]) => elementwiseType([x], "float", ["x"]),
  decompose([x], { axis }) {
    const wide = widen(x);
    const e = exp(wide.sub(largest(wide, [axis])));
    return convertTo(e.div(sum(e, { axis, keepDims: true })), x.dtype);
  },
  // dx = y·(dy − Σ dy·y). It needs y alone, so the backward pass need not keep x.
  vjp(_args, [y], [dy], { axis }) {
    const [p, dp] = [widen(y), widen(dy)];
    return [convertTo(p.mul(dp.sub(sum(dp.mul(p), { axis, keepDims: true }))), y.dtype)];
  },
});

export const softmaxBatching: Batching<["x"]> = ([x], _batched, { axis }) => softmax(x, { axis: axis + 1 });

export const softmaxSamples = () =>
  samplesOf(softmax, [
    [normal([4, 7])],
    [normal([3, 5, 2]), { axis: 1 }],
    [values([1e4, 1e4 - 1, -1e4])],
    [normal([3, 6], { dtype: "float16", scale: 3 })],
    [normal([2, 1])],
    [normal([0, 3])],
  ]);

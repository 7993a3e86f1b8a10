import { axis } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { defineOp, type Unary } from "../op.ts";
import { convertTo } from "../promote.ts";
import { elementwiseType } from "../rule.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { widen } from "../widen.ts";
import { exp, log } from "./exponential.ts";
import { sum } from "./reduce.ts";
import { largest } from "./statistic.ts";

/**
 * Logarithm of the softmax along `axis`: `y_i = x_i − log Σ_j exp(x_j)`. Shape is kept.
 *
 * Never through the softmax itself, whose small entries are 0. 16-bit floats are computed in float32.
 */
export const logSoftmax: Unary<{ axis: number }> = defineOp({
  name: "nn.log_softmax",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axis: axis(-1) },
  type: ([x]) => elementwiseType([x], "float", ["x"]),
  decompose([x], { axis }) {
    const wide = widen(x);
    const shifted = wide.sub(largest(wide, [axis]));
    return convertTo(shifted.sub(log(sum(exp(shifted), { axis, keepDims: true }))), x.dtype);
  },
  // dx = dy − exp(y)·Σ dy
  vjp(_args, [y], [dy], { axis }) {
    const dWide = widen(dy);
    return [convertTo(dWide.sub(exp(widen(y)).mul(sum(dWide, { axis, keepDims: true }))), y.dtype)];
  },
});

export const logSoftmaxBatching: Batching<["x"]> = ([x], _batched, { axis }) => logSoftmax(x, { axis: axis + 1 });

export const logSoftmaxSamples = () =>
  samplesOf(logSoftmax, [
    [normal([4, 7])],
    [normal([3, 5, 2]), { axis: 1 }],
    [values([1e4, 1e4 - 1, -1e4])],
    [normal([3, 6], { dtype: "float16", scale: 3 })],
    [normal([2, 1])],
    [normal([0, 3])],
  ]);

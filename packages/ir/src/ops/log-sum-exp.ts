import { axes } from "../attrs.ts";
import { keptShape, resolveAxes } from "../axes.ts";
import type { Batching } from "../beside.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { normal, samplesOf, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { isFinite, select } from "./compare.ts";
import { exp, log } from "./exponential.ts";
import { type ReduceOptions, sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { largest, statisticType } from "./statistic.ts";

/** `log Σ exp(x)` along `axes`, as `m + log Σ exp(x − m)` with the largest entry `m`. Nothing but −∞ gives −∞. */
export const logSumExpOp: OpRecord = opRecord({
  name: "nn.logsumexp",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axes: axes() },
  type: ([x], { axes }) => statisticType(x, axes),
  decompose([x], { axes }) {
    const wide = widen(x);
    const m = orZero(largest(wide, axes));
    const y = log(sum(exp(wide.sub(m)), { axis: axes, keepDims: true })).add(m);
    return convertTo(reshape(y, statisticType(x, axes).shape), x.dtype);
  },
  // dx = exp(x − y)·dy
  vjp([x], [y], [dy], { axes }) {
    const kept = keptShape(x.shape, axes);
    const shares = exp(widen(x).sub(orZero(reshape(widen(y), kept))));
    return [convertTo(shares.mul(reshape(widen(dy), kept)), x.dtype)];
  },
});

export const logSumExpBatching: Batching<["x"]> = ([x], _batched, attrs) =>
  applyOp(logSumExpOp, [x], { ...attrs, axes: attrs.axes.map((a: number) => a + 1) });

/** Infinities as 0: an infinity less itself would be NaN. */
const orZero = (x: Tensor): Tensor => select(isFinite(x), x, 0);

/** `log Σ exp(x)` along `axis`, over all elements where none is given. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensor("logSumExp", "x", x);
  checkOptions("logSumExp", options, ["axis", "keepDims"]);
  const { axis, keepDims = false } = options;
  const axes = resolveAxes("logSumExp", x, axis);
  const y = applyOp(logSumExpOp, [toFloat(x)], { axes })[0]!;
  return keepDims ? reshape(y, keptShape(x.shape, axes)) : y;
}

export const logSumExpSamples = () =>
  samplesOf(logSumExpOp, [
    [normal([4, 7])],
    [normal([2, 3, 4]), { axes: [0, 2] }],
    [values([1e4, 1e4 - 1, -1e4])],
    { operands: [values([-Infinity, -Infinity, 0, -Infinity], [2, 2])], attrs: { axes: [1] }, kink: true },
    [normal([0, 3]), { axes: [1] }],
  ]);

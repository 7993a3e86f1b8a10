import { axes, float } from "../attrs.ts";
import { keptShape, resolveAxes } from "../axes.ts";
import type { Batching } from "../beside.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo, toTensor } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { mean } from "./mean.ts";
import { type ReduceOptions, sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { countAlong, statisticType } from "./statistic.ts";

/**
 * Mean squared distance from the mean along `axes`, `Σ(x − x̄)² / (n − correction)`, in two passes, so that a large mean
 * costs no digits. 16-bit floats are squared and added in float32.
 */
export const varianceOp: OpRecord = opRecord({
  name: "nn.var",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axes: axes(), correction: float(0) },
  type: ([x], { axes }) => statisticType(x, axes),
  decompose([x], { axes, correction }) {
    const d = centred(widen(x), axes);
    return convertTo(sum(d.mul(d), { axis: axes }).div(degrees(x, axes, correction)), x.dtype);
  },
  // dx = 2(x − x̄)·dy / (n − correction); that x̄ moves too changes nothing, since Σ(x − x̄) = 0
  vjp([x], _results, [dy], { axes, correction }) {
    const d = centred(widen(x), axes);
    const scale = reshape(widen(dy), keptShape(x.shape, axes))
      .mul(2)
      .div(degrees(x, axes, correction));
    return [convertTo(d.mul(scale), x.dtype)];
  },
});

export const varianceBatching: Batching<["x"]> = ([x], _batched, attrs) =>
  applyOp(varianceOp, [x], { ...attrs, axes: attrs.axes.map((a: number) => a + 1) });

const centred = (x: Tensor, axes: readonly number[]): Tensor => x.sub(mean(x, { axis: axes, keepDims: true }));

/** How many squares the sum is divided by. */
function degrees(x: Tensor, axes: readonly number[], correction: number): Operand {
  const count = countAlong(x, axes);
  return typeof count === "number" ? count - correction : toTensor("nn.var", count, "float32").sub(correction);
}

/**
 * Variance along `axis`, of all elements where none is given: of a whole population, as in NumPy and Keras.
 * `correction: 1` estimates it from a sample, which is PyTorch's default.
 */
export function variance(x: Tensor, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
  checkTensor("variance", "x", x);
  checkOptions("variance", options, ["axis", "keepDims", "correction"]);
  const { axis, keepDims = false, ...attrs } = options;
  const axes = resolveAxes("variance", x, axis);
  const y = applyOp(varianceOp, [toFloat(x)], { ...attrs, axes })[0]!;
  return keepDims ? reshape(y, keptShape(x.shape, axes)) : y;
}

export const varianceSamples = () =>
  samplesOf(varianceOp, [
    [normal([4, 7])],
    [normal([2, 3, 4], { offset: 10 }), { axes: [0, 2], correction: 1 }],
    [normal([3, 0]), { axes: [0] }],
    [normal([3, 4], { dtype: "float16", offset: 300 }), { axes: [1] }],
  ]);

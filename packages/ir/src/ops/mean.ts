import { axes } from "../attrs.ts";
import { keptShape, resolveAxes } from "../axes.ts";
import type { Batching } from "../beside.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { type ReduceOptions, sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { countAlong, statisticType } from "./statistic.ts";

/** Arithmetic mean along `axes`, `Σx / n`. 16-bit floats are added and divided in float32. The mean of nothing is NaN. */
export const meanOp: OpRecord = opRecord({
  name: "nn.mean",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { axes: axes() },
  type: ([x], { axes }) => statisticType(x, axes),
  decompose: ([x], { axes }) => convertTo(sum(widen(x), { axis: axes }).div(countAlong(x, axes)), x.dtype),
});

export const meanBatching: Batching<["x"]> = ([x], _batched, attrs) =>
  applyOp(meanOp, [x], { ...attrs, axes: attrs.axes.map((a: number) => a + 1) });

/** Arithmetic mean along `axis`, of all elements where none is given. Integers and bool are averaged as float32. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensor("mean", "x", x);
  checkOptions("mean", options, ["axis", "keepDims"]);
  const { axis, keepDims = false } = options;
  const axes = resolveAxes("mean", x, axis);
  const y = applyOp(meanOp, [toFloat(x)], { axes })[0]!;
  return keepDims ? reshape(y, keptShape(x.shape, axes)) : y;
}

export const meanSamples = () =>
  samplesOf(meanOp, [
    [normal([4, 7])],
    [normal([2, 3, 4]), { axes: [0, 2] }],
    [normal([3, 0]), { axes: [0] }],
    [normal([3, 4], { dtype: "float16", offset: 300 }), { axes: [1] }],
    [normal([])],
  ]);

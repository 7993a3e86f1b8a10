import { bool } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { maximum, minimum } from "./arithmetic.ts";
import { iota } from "./constant.ts";
import {
  holding,
  type PoolAttrs,
  type PoolOptions,
  poolAttrs,
  pooledShape,
  poolSchema,
  poolWindows,
  sumHeld,
  windowAxes,
} from "./pool.ts";
import { sum } from "./reduce.ts";
import { examplesTogether } from "./spatial.ts";

/**
 * The mean of each window, per channel. Padding is not among what is averaged, as in Keras, unless `countPadding` says so,
 * as PyTorch does. 16-bit floats are added and divided in float32. (N, *n, C) → (N, *o, C)
 */
export const avgPoolOp: OpRecord = opRecord({
  name: "nn.avg_pool",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { ...poolSchema(), countPadding: bool(false) },
  shape: ([x], attrs) => pooledShape(x, "float", attrs),
  decompose([x], attrs) {
    const total = sum(poolWindows(widen(x), attrs, 0), { axis: windowAxes(attrs) });
    return convertTo(total.div(countIn(total.shape, x, attrs)), x.dtype);
  },
  linear: true,
  vjp([x], _results, [dy], attrs) {
    const share = widen(dy).div(countIn(dy.shape, x, attrs));
    return [convertTo(sumHeld(holding(share, x.shape, attrs, 0), attrs), x.dtype)];
  },
});

/** How many entries of each window are averaged: a number, or numbers for the windows of `shape`. */
function countIn(shape: Shape, x: Tensor, { size, stride, lo, hi, countPadding }: CountAttrs): Operand {
  const whole = size.map((_, i) => countPadding || (lo[i] === 0 && hi[i] === 0));
  const product = size.reduce((n, s, i) => (whole[i] ? n * s : n), 1);
  return size.reduce<Operand>((count, s, i) => {
    if (whole[i]) return count;
    const start = iota(shape, i + 1)
      .mul(stride[i]!)
      .sub(lo[i]!);
    const inside = minimum(start.add(s), x.shape[i + 1]!).sub(maximum(start, 0));
    return convertTo(inside, accumulator(x.dtype)).mul(count);
  }, product);
}

interface CountAttrs extends PoolAttrs {
  readonly countPadding: boolean;
}

export const avgPoolBatching: Batching<["x"]> = ([x], _batched, attrs) => examplesTogether(avgPoolOp, x, attrs);

export interface AvgPoolOptions extends PoolOptions {
  /** Whether zeros of the padding count as entries of a window; not by default, as in Keras. */
  readonly countPadding?: boolean;
}

/** The mean of each window, per channel, in 1 to 3 dimensions, channels last. (N, *n, C) → (N, *o, C) */
export function avgPool(x: Tensor, options: AvgPoolOptions): Tensor {
  const { countPadding = false } = options;
  return applyOp(avgPoolOp, [toFloat(x)], { ...poolAttrs("avgPool", x, options, ["countPadding"]), countPadding })[0]!;
}

export const avgPoolSamples = () =>
  samplesOf(avgPoolOp, [
    [normal([2, 4, 6, 2]), { size: [2, 3], stride: [2, 3], lo: [0, 0], hi: [0, 0] }],
    [normal([1, 5, 4, 2]), { size: [3, 2], stride: [2, 1], lo: [1, 0], hi: [1, 1] }],
    [normal([2, 6, 3]), { size: [3], stride: [2], lo: [2], hi: [1], countPadding: true }],
    [
      normal([1, 2, 3, 2, 1], { dtype: "float16" }),
      { size: [2, 2, 1], stride: [1, 1, 2], lo: [1, 0, 0], hi: [0, 0, 0] },
    ],
    [normal([0, 4, 2]), { size: [2], stride: [2], lo: [0], hi: [0] }],
  ]);

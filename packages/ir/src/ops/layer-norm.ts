import { axis } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import {
  type Affine,
  affineOperands,
  affinePerExample,
  checkAffine,
  epsilon,
  normalize,
  normalizeVjp,
  trailingLayout,
} from "./normalize.ts";
import { reshape } from "./reshape.ts";

/**
 * Each example with mean 0 and variance 1 over the axes from `axis` on, times a scale, plus a bias, both of the shape of
 * those axes; and the mean and `1/√(variance + eps)` of each example, in float32 for 16-bit floats.
 * (…, n), (n), (n) → (…, n), (…), (…)
 *
 * Ba, Kiros & Hinton 2016, Layer normalization, arXiv:1607.06450.
 */
export const layerNormOp: OpRecord = opRecord({
  name: "nn.layer_norm",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "...affine"],
  results: ["y", "mean", "rstd"],
  attrs: { axis: axis(-1), eps: epsilon(1e-5) },
  type([x, ...affine], { axis }) {
    checkAffine(x, affine, x.shape.slice(axis));
    const statistic = { dtype: accumulator(x.dtype), shape: x.shape.slice(0, axis) };
    return [{ dtype: x.dtype, shape: x.shape }, statistic, statistic];
  },
  decompose([x, ...affine], { axis, eps }) {
    const { y, mean, rstd } = normalize(x, affine, trailingLayout(x.shape, axis, true), eps);
    const rows = x.shape.slice(0, axis);
    return [y, reshape(mean, rows), reshape(rstd, rows)];
  },
  vjp: ([x, ...affine], [_y, mean, rstd], [dy, dMean, dRstd], { axis }) =>
    normalizeVjp(x, affine, trailingLayout(x.shape, axis, true), { mean, rstd }, { y: dy, mean: dMean, rstd: dRstd }),
});

export const layerNormBatching: Batching<["x", "...affine"]> = (
  [x, ...affine],
  [xBatched, ...affineBatched],
  { axis, eps },
  size,
) => {
  const [bx] = alignBatch([x], [xBatched], size);
  if (!affineBatched.includes(true)) return applyOp(layerNormOp, [bx!, ...affine], { axis: axis + 1, eps });
  const [y, mean, rstd] = applyOp(layerNormOp, [widen(bx!)], { axis: axis + 1, eps });
  return [affinePerExample(y!, affine, affineBatched, x.dtype), mean!, rstd!];
};

export interface LayerNormOptions extends Affine {
  /** The first of the axes that are normalised; the last axis alone by default. */
  readonly axis?: number;
  /** Added to the variance; 1e-5 by default, as in PyTorch (Keras: 1e-3). */
  readonly eps?: number;
}

/** Each example with mean 0 and variance 1 over the axes from `axis` on, times `scale`, plus `bias`. Shape is kept. */
export function layerNorm(x: Tensor, given: LayerNormOptions = {}): Tensor {
  checkTensor("layerNorm", "x", x);
  checkOptions("layerNorm", given, ["scale", "bias", "axis", "eps"]);
  const { scale, bias, ...options } = given;
  return applyOp(layerNormOp, [toFloat(x), ...affineOperands({ scale, bias })], options)[0]!;
}

export const layerNormSamples = () =>
  samplesOf(layerNormOp, [
    [normal([4, 7])],
    [normal([4, 7]), normal([7]), normal([7])],
    [normal([2, 3, 4], { offset: 5 }), normal([3, 4]), { axis: 1, eps: 1e-3 }],
    [normal([3, 8], { dtype: "float16", scale: 100 }), normal([8]), normal([8])],
    [normal([0, 3]), normal([3]), normal([3])],
    [normal([5]), normal([5]), normal([5])],
  ]);

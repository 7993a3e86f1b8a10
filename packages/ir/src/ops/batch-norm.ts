import { axis } from "../attrs.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { normal, samplesOf, uniform } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { rsqrt } from "./exponential.ts";
import {
  type Affine,
  affineOperands,
  checkAffine,
  epsilon,
  type Layout,
  normalize,
  normalizeVjp,
} from "./normalize.ts";
import { reshape } from "./reshape.ts";

function layout(shape: Shape, axis: number): Layout {
  const affine = shape.map((d, i) => (i === axis ? d : 1));
  return { shape, axes: [...shape.keys()].filter((i) => i !== axis), affine, centred: true };
}

/**
 * Each channel with mean 0 and variance 1 over the batch and all other axes, times a scale, plus a bias; and of each
 * channel the mean, the variance (of the population) and `1/√(variance + eps)`, in float32 for 16-bit floats. `axis` is
 * the channels'. (N, *, C), (C), (C) → (N, *, C), (C), (C), (C)
 *
 * The statistics are results and no state: a layer averages them over the steps.
 * Ioffe & Szegedy 2015, Batch normalization, arXiv:1502.03167, algorithm 1.
 */
export const batchNormOp: OpRecord = opRecord({
  name: "nn.batch_norm",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "...affine"],
  results: ["y", "mean", "variance", "rstd"],
  attrs: { axis: axis(-1), eps: epsilon(1e-5) },
  type([x, ...affine], { axis }) {
    const channels = [x.shape[axis]!];
    checkAffine(x, affine, channels);
    const statistic = { dtype: accumulator(x.dtype), shape: channels };
    return [{ dtype: x.dtype, shape: x.shape }, statistic, statistic, statistic];
  },
  decompose([x, ...affine], { axis, eps }) {
    const { y, mean, variance, rstd } = normalize(x, affine, layout(x.shape, axis), eps);
    return [y, ...[mean, variance, rstd].map((t) => reshape(t, [x.shape[axis]!]))];
  },
  vjp: ([x, ...affine], [_y, mean, _variance, rstd], [dy, dMean, dVariance, dRstd], { axis }) =>
    normalizeVjp(
      x,
      affine,
      layout(x.shape, axis),
      { mean, rstd },
      { y: dy, mean: dMean, variance: dVariance, rstd: dRstd },
    ),
});

/** The same with given statistics, `(x − mean)·(scale/√(variance + eps)) + bias`. (N, *, C), (C), (C), (C), (C) → (N, *, C) */
export const batchNormInferenceOp: OpRecord = opRecord({
  name: "nn.batch_norm_inference",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "mean", "variance", "...affine"],
  attrs: { axis: axis(-1), eps: epsilon(1e-5) },
  type([x, mean, variance, ...affine], { axis }) {
    checkAffine(x, [mean, variance], [x.shape[axis]!], ["mean", "variance"]);
    checkAffine(x, affine, [x.shape[axis]!]);
    return { dtype: x.dtype, shape: x.shape };
  },
  decompose([x, mean, variance, ...affine], { axis, eps }) {
    const { affine: shape } = layout(x.shape, axis);
    const rstd = rsqrt(widen(variance).add(eps));
    const factor = affine[0] === undefined ? rstd : rstd.mul(widen(affine[0]));
    const scaled = widen(x)
      .sub(reshape(widen(mean), shape))
      .mul(reshape(factor, shape));
    const y = affine[1] === undefined ? scaled : scaled.add(reshape(widen(affine[1]), shape));
    return convertTo(y, x.dtype);
  },
});

export interface BatchNormOptions extends Affine {
  /** The channels' axis, the last by default. */
  readonly axis?: number;
  /** Added to the variance; 1e-5 by default, as in PyTorch (Keras: 1e-3). */
  readonly eps?: number;
}

/** What `batchNorm` yields: the result, and the mean and variance of each channel of this batch. */
export interface BatchNormResult {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

const optionNames = ["scale", "bias", "axis", "eps"];

/** Each channel with mean 0 and variance 1 over the batch, times `scale`, plus `bias`. (N, *, C) → (N, *, C), (C), (C) */
export function batchNorm(x: Tensor, given: BatchNormOptions = {}): BatchNormResult {
  checkTensor("batchNorm", "x", x);
  checkOptions("batchNorm", given, optionNames);
  const { scale, bias, ...options } = given;
  const operands = [toFloat(x), ...affineOperands({ scale, bias })];
  const [y, mean, variance] = applyOp(batchNormOp, operands, options);
  return { y: y!, mean: mean!, variance: variance! };
}

/** Batch normalisation with statistics collected before. Shape is kept. */
export function batchNormInference(x: Tensor, mean: Tensor, variance: Tensor, given: BatchNormOptions = {}): Tensor {
  checkTensor("batchNormInference", "x", x);
  checkOptions("batchNormInference", given, optionNames);
  const { scale, bias, ...options } = given;
  const affine = affineOperands({ scale, bias });
  return applyOp(batchNormInferenceOp, [toFloat(x), mean, variance, ...affine], options)[0]!;
}

export const batchNormSamples = () =>
  samplesOf(batchNormOp, [
    [normal([6, 3])],
    [normal([4, 2, 3], { offset: 5 }), normal([3]), normal([3])],
    [normal([4, 3, 2]), normal([3]), normal([3]), { axis: 1, eps: 1e-3 }],
    [normal([8, 2], { dtype: "float16", scale: 100 }), normal([2]), normal([2])],
  ]);

export const batchNormInferenceSamples = () =>
  samplesOf(batchNormInferenceOp, [
    [normal([6, 3]), normal([3]), uniform([3], 0.5, 2)],
    [normal([4, 3, 2]), normal([3]), uniform([3], 0.5, 2), normal([3]), normal([3]), { axis: 1 }],
    [normal([0, 2]), normal([2]), uniform([2], 0.5, 2), normal([2])],
  ]);

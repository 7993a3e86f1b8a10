import { int } from "../attrs.ts";
import { dimFloorDiv, dimMod } from "../dim.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat } from "../widen.ts";
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

/** (N, *, C) seen as (N, *, groups, C/groups); the mean is over everything but the example and the group. */
function layout(shape: Shape, groups: number): Layout {
  const channels = [groups, dimFloorDiv(shape.at(-1)!, groups)];
  const places = shape.slice(0, -1);
  return {
    shape: [...places, ...channels],
    axes: [...places.keys()].slice(1).concat(places.length + 1),
    affine: [...places.map(() => 1), ...channels],
    centred: true,
  };
}

/**
 * Each group of channels of each example with mean 0 and variance 1, times a scale, plus a bias per channel; and the mean
 * and `1/√(variance + eps)` of each group, in float32 for 16-bit floats. Channels last.
 * (N, *, C), (C), (C) → (N, *, C), (N, groups), (N, groups)
 *
 * Wu & He 2018, Group normalization, arXiv:1803.08494.
 */
export const groupNormOp: OpRecord = opRecord({
  name: "nn.group_norm",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "...affine"],
  results: ["y", "mean", "rstd"],
  attrs: { groups: int({ min: 1 }), eps: epsilon(1e-5) },
  type([x, ...affine], { groups }) {
    if (x.shape.length < 2) fail("E206", `x has rank ${x.shape.length}, below 2, in (N,*,C),(C),(C)->(N,*,C)`);
    const channels = x.shape.at(-1)!;
    if (dimMod(channels, groups) !== 0) fail("E203", `${channels} channels do not divide into ${groups} groups`);
    checkAffine(x, affine, [channels]);
    const statistic = { dtype: accumulator(x.dtype), shape: [x.shape[0]!, groups] };
    return [{ dtype: x.dtype, shape: x.shape }, statistic, statistic];
  },
  decompose([x, ...affine], { groups, eps }) {
    const { y, mean, rstd } = normalize(x, affine, layout(x.shape, groups), eps);
    const each = [x.shape[0]!, groups];
    return [y, reshape(mean, each), reshape(rstd, each)];
  },
  vjp: ([x, ...affine], [_y, mean, rstd], [dy, dMean, dRstd], { groups }) =>
    normalizeVjp(x, affine, layout(x.shape, groups), { mean, rstd }, { y: dy, mean: dMean, rstd: dRstd }),
});

export interface GroupNormOptions extends Affine {
  /** How many groups the channels, the last axis, are divided into. */
  readonly groups: number;
  /** Added to the variance; 1e-5 by default, as in PyTorch (Keras: 1e-3). */
  readonly eps?: number;
}

/** Each group of channels of each example with mean 0 and variance 1, times `scale`, plus `bias`. (N, *, C) → (N, *, C) */
export function groupNorm(x: Tensor, given: GroupNormOptions): Tensor {
  checkTensor("groupNorm", "x", x);
  checkOptions("groupNorm", given, ["groups", "scale", "bias", "eps"]);
  const { scale, bias, ...options } = given;
  return applyOp(groupNormOp, [toFloat(x), ...affineOperands({ scale, bias })], options)[0]!;
}

export const groupNormSamples = () =>
  samplesOf(groupNormOp, [
    [normal([2, 3, 4]), { groups: 2 }],
    [normal([2, 3, 2, 6]), normal([6]), normal([6]), { groups: 3 }],
    [normal([3, 4]), normal([4]), { groups: 1 }],
    [normal([2, 2, 4], { dtype: "float16", scale: 100 }), normal([4]), normal([4]), { groups: 2 }],
    [normal([0, 3, 4]), { groups: 4 }],
  ]);

import { axis } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { affinePerExample, checkAffine, epsilon, normalize, normalizeVjp, trailingLayout } from "./normalize.ts";
import { reshape } from "./reshape.ts";

/**
 * Each example divided by its root mean square over the axes from `axis` on, `x·rstd·scale` with
 * `rstd = 1/√(mean(x²) + eps)`, and that factor, in float32 for 16-bit floats. (…, n), (n) → (…, n), (…)
 *
 * Zhang & Sennrich 2019, Root mean square layer normalization, arXiv:1910.07467, eq. 4.
 */
export const rmsNormOp: OpRecord = opRecord({
  name: "nn.rms_norm",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "...scale"],
  results: ["y", "rstd"],
  attrs: { axis: axis(-1), eps: epsilon(1e-5) },
  type([x, ...scale], { axis }) {
    if (scale.length > 1) fail("E209", `${scale.length + 1} operands given, at most 2 wanted`);
    checkAffine(x, scale, x.shape.slice(axis));
    return [
      { dtype: x.dtype, shape: x.shape },
      { dtype: accumulator(x.dtype), shape: x.shape.slice(0, axis) },
    ];
  },
  decompose([x, ...scale], { axis, eps }) {
    const { y, rstd } = normalize(x, scale, trailingLayout(x.shape, axis, false), eps);
    return [y, reshape(rstd, x.shape.slice(0, axis))];
  },
  vjp: ([x, ...scale], [_y, rstd], [dy, dRstd], { axis }) =>
    normalizeVjp(x, scale, trailingLayout(x.shape, axis, false), { rstd }, { y: dy, rstd: dRstd }),
});

export const rmsNormBatching: Batching<["x", "...scale"]> = (
  [x, ...scale],
  [xBatched, ...scaleBatched],
  { axis, eps },
  size,
) => {
  const [bx] = alignBatch([x], [xBatched], size);
  if (!scaleBatched.includes(true)) return applyOp(rmsNormOp, [bx!, ...scale], { axis: axis + 1, eps });
  const [y, rstd] = applyOp(rmsNormOp, [widen(bx!)], { axis: axis + 1, eps });
  return [affinePerExample(y!, scale, scaleBatched, x.dtype), rstd!];
};

export interface RmsNormOptions {
  readonly scale?: Tensor;
  /** The first of the axes that are normalised; the last axis alone by default. */
  readonly axis?: number;
  /** Added to the mean square; 1e-5 by default. */
  readonly eps?: number;
}

/** Each example divided by its root mean square over the axes from `axis` on, times `scale`. Shape is kept. */
export function rmsNorm(x: Tensor, given: RmsNormOptions = {}): Tensor {
  checkTensor("rmsNorm", "x", x);
  checkOptions("rmsNorm", given, ["scale", "axis", "eps"]);
  const { scale, ...options } = given;
  return applyOp(rmsNormOp, [toFloat(x), ...(scale === undefined ? [] : [scale])], options)[0]!;
}

export const rmsNormSamples = () =>
  samplesOf(rmsNormOp, [
    [normal([4, 7])],
    [normal([4, 7]), normal([7])],
    [normal([2, 3, 4]), normal([3, 4]), { axis: 1, eps: 1e-3 }],
    [normal([3, 8], { dtype: "float16", scale: 100 }), normal([8])],
    [normal([0, 3]), normal([3])],
  ]);

import { type AttrKind, float } from "../attrs.ts";
import { keptShape } from "../axes.ts";
import { accumulator, type DType } from "../dtype.ts";
import { convertTo, splat } from "../promote.ts";
import { elementwiseType, fail, failDType } from "../rule.ts";
import { type Shape, sameShape, shapeText, type TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { rsqrt } from "./exponential.ts";
import { mean } from "./mean.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { countAlong } from "./statistic.ts";
import { isUnused } from "./unused.ts";

/** What keeps a variance of 0 from a division by 0. */
export const epsilon = (fallback: number): AttrKind<number> => ({
  ...float(fallback),
  expected: "a number above 0",
  normalize: (v) => (typeof v === "number" && v > 0 && v < Infinity ? v : undefined),
});

/** How an op that normalises sees its operand. */
export interface Layout {
  /** The operand's elements in the shape in which they are normalised. */
  readonly shape: Shape;
  /** The axes of `shape` along which there is one mean and one deviation. */
  readonly axes: readonly number[];
  /** The scale and the bias, in as many axes as `shape`, with size 1 where they are repeated. */
  readonly affine: Shape;
  /** Whether the mean is subtracted. */
  readonly centred: boolean;
}

/** Examples are normalised over the axes from `axis` on. */
export const trailingLayout = (shape: Shape, axis: number, centred: boolean): Layout => ({
  shape,
  axes: [...shape.keys()].slice(axis),
  affine: shape.map((d, i) => (i < axis ? 1 : d)),
  centred,
});

/** Refuses operands, a scale and a bias by default, that are not `shape` in the dtype of `x` or the one it is computed in. */
export function checkAffine(
  x: TensorType,
  affine: readonly TensorType[],
  shape: Shape,
  names = ["scale", "bias"],
): void {
  elementwiseType([x], "float", ["x"]);
  if (affine.length > names.length) fail("E209", `${affine.length} operands given for ${names.join(" and ")}`);
  affine.forEach((t, i) => {
    if (t.dtype !== x.dtype && t.dtype !== accumulator(x.dtype))
      failDType(`x is ${x.dtype} but ${names[i]} is ${t.dtype}`, "convert one of them");
    if (!sameShape(t.shape, shape))
      fail("E203", `${names[i]} is ${shapeText(t.shape)} where ${shapeText(shape)} is wanted`);
  });
}

/** What normalising yields, each statistic with size 1 along the normalised axes. */
export interface Normalized {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly rstd: Tensor;
}

/**
 * `y = (x − mean)·rstd·scale + bias` with `rstd = 1/√(variance + eps)`, the variance around the mean in two passes. 16-bit
 * floats are computed in float32 throughout.
 */
export function normalize(x: Tensor, affine: readonly Tensor[], layout: Layout, eps: number): Normalized {
  const { shape, axes, centred } = layout;
  const wide = reshape(widen(x), shape);
  const over = { axis: axes, keepDims: true };
  const average = mean(wide, over);
  const d = centred ? wide.sub(average) : wide;
  const variance = mean(d.mul(d), over);
  const rstd = rsqrt(variance.add(eps));
  const [scale, bias] = affine.map((t) => reshape(widen(t), layout.affine));
  const scaled = scale === undefined ? d.mul(rstd) : d.mul(rstd).mul(scale);
  const y = bias === undefined ? scaled : scaled.add(bias);
  return { y: convertTo(reshape(y, x.shape), x.dtype), mean: average, variance, rstd };
}

/** Cotangents of what `normalize` yields. */
export interface NormalizedCotangents {
  readonly y: Tensor;
  readonly mean?: Tensor;
  readonly variance?: Tensor;
  readonly rstd: Tensor;
}

/**
 * The cotangents of `x` and of scale and bias. With `x̂ = (x − mean)·rstd` and `g = dy·scale`,
 * `dx = rstd·(g − mean(g) − x̂·mean(g·x̂))`, without `mean(g)` where the mean is not subtracted.
 */
export function normalizeVjp(
  x: Tensor,
  affine: readonly Tensor[],
  layout: Layout,
  statistics: { readonly mean?: Tensor; readonly rstd: Tensor },
  cotangents: NormalizedCotangents,
): readonly Tensor[] {
  const { shape, axes } = layout;
  const kept = keptShape(shape, axes);
  const over = { axis: axes, keepDims: true };
  const rstd = reshape(statistics.rstd, kept);
  const wide = reshape(widen(x), shape);
  const normal = (statistics.mean === undefined ? wide : wide.sub(reshape(statistics.mean, kept))).mul(rstd);
  const dy = reshape(widen(cotangents.y), shape);
  const g = affine[0] === undefined ? dy : dy.mul(reshape(widen(affine[0]), layout.affine));
  const centredG = layout.centred ? g.sub(mean(g, over)) : g;
  let dx = rstd.mul(centredG.sub(normal.mul(mean(g.mul(normal), over))));
  // the statistics as results of their own: ∂mean/∂x = 1/n, ∂variance/∂x = 2x̂/(rstd·n), ∂rstd/∂x = −rstd²·x̂/n
  const share = (ct: Tensor): Tensor => reshape(ct, kept).div(countAlong({ shape, dtype: wide.dtype }, axes));
  if (cotangents.mean !== undefined && !isUnused(cotangents.mean)) dx = dx.add(share(cotangents.mean));
  if (cotangents.variance !== undefined && !isUnused(cotangents.variance))
    dx = dx.add(share(cotangents.variance).div(rstd).mul(2).mul(normal));
  if (!isUnused(cotangents.rstd)) dx = dx.sub(share(cotangents.rstd).mul(rstd.mul(rstd)).mul(normal));
  const repeated = layout.affine.flatMap((d, i) => (d === 1 ? [i] : []));
  const dAffine = affine.map((t, i) =>
    convertTo(reshape(sum(i === 0 ? dy.mul(normal) : dy, { axis: repeated, keepDims: true }), t.shape), t.dtype),
  );
  return [convertTo(reshape(dx, x.shape), x.dtype), ...dAffine];
}

/** `y·scale + bias` in `dtype`, for examples along the first axis of `y` of which each may have its own scale or bias. */
export function affinePerExample(
  y: Tensor,
  affine: readonly Tensor[],
  batched: readonly boolean[],
  dtype: DType,
): Tensor {
  const [scale, bias] = affine.map((t, i) => {
    if (!batched[i]) return widen(t);
    return reshape(widen(t), [t.shape[0]!, ...Array.from({ length: y.rank - t.rank }, () => 1), ...t.shape.slice(1)]);
  });
  const scaled = y.mul(scale!);
  return convertTo(bias === undefined ? scaled : scaled.add(bias), dtype);
}

/** Scale and bias of a call. */
export interface Affine {
  readonly scale?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** Scale and bias as operands; a bias alone goes with a scale of ones. */
export function affineOperands({ scale, bias }: Affine): readonly Tensor[] {
  if (bias === undefined) return scale === undefined ? [] : [scale];
  return [scale ?? splat(1, bias.shape, bias.dtype), bias];
}

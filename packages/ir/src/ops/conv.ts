import { choice, dims, int, ints } from "../attrs.ts";
import type { Batching, Jvp } from "../beside.ts";
import { type Dim, dimAdd, dimFloorDiv, dimMod, dimMul, dimSub, sameDim } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, commonDType, convertTo, splat, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { accepts, checked, fail, failDType } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { type ConvAttrs, convProducts, inGroups, kernelOf, patches, range } from "./conv-products.ts";
import { dotOp, type Precision } from "./dot.ts";
import { currentPrecision } from "./matmul.ts";
import { broadcastOp, reverse, transpose } from "./move.ts";
import { spreadSize } from "./pad.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import {
  checkWindows,
  everyAxis,
  type Padding,
  type PerAxis,
  perAxis,
  placesOf,
  reachOf,
  spatialAxes,
  widthsOf,
} from "./spatial.ts";

const signature = "(N,*n,C),(*k,C/groups,O)->(N,*o,O)";

/**
 * Cross-correlation in 1 to 3 dimensions, channels last: `y[n, o, j] = Σ_k Σ_c x[n, stride·o + rhsDilation·k − lo, c]·w[k, c, j]`,
 * where x has `lhsDilation − 1` zeros between its places, and `lo` before and `hi` after them. With `groups`, the channels
 * of x and of y lie in so many groups, and one group of y sees one of x. (N, *n, C), (*k, C/groups, O) → (N, *o, O)
 *
 * Its gradients are such correlations again, so that a fast kernel for it serves all three; the convolution arithmetic is
 * that of Dumoulin & Visin 2016, arXiv:1603.07285. `mul` is that of `dot`.
 */
export const convOp: OpRecord = opRecord({
  name: "nn.conv",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "w"],
  attrs: {
    stride: ints({ min: 1 }),
    lo: dims(),
    hi: dims(),
    lhsDilation: ints({ min: 1 }),
    rhsDilation: ints({ min: 1 }),
    groups: int({ min: 1, fallback: 1 }),
    mul: choice<Precision>(["same", "tf32", "bf16"], "same"),
  },
  shape([x, w], { stride, lo, hi, lhsDilation, rhsDilation, groups, mul }) {
    if (w.dtype !== x.dtype) failDType(`x is ${x.dtype} but w is ${w.dtype}`, "convert one of them");
    if (!accepts("number", x.dtype)) failDType("bool cannot be multiplied", "convert to a number type");
    if (mul !== "same" && x.dtype !== "float32") failDType(`mul ${mul} is a precision of float32, not of ${x.dtype}`);
    const axes = spatialAxes(x, signature);
    checkWindows(axes, { lo, hi }, { stride, lhsDilation, rhsDilation });
    if (w.shape.length !== axes + 2) fail("E206", `w has rank ${w.shape.length}, not ${axes + 2}, in ${signature}`);
    checkChannels(x.shape.at(-1)!, w.shape.at(-2)!, w.shape.at(-1)!, groups);
    const places = lo.map((l, i) => {
      const size = w.shape[i]!;
      if (typeof size !== "number" || size < 1) fail("E206", `axis ${i} of w has size ${size}, not a number from 1`);
      const padded = dimAdd(dimAdd(l, spreadSize(x.shape[i + 1]!, lhsDilation[i]! - 1)), hi[i]!);
      return placesOf("kernel", i + 1, padded, reachOf(size, rhsDilation[i]!), stride[i]!);
    });
    return [x.shape[0]!, ...places, w.shape.at(-1)!];
  },
  decompose: ([x, w], attrs) => convProducts(x, w, attrs),
  vjp: ([x, w], _results, [dy], attrs) => [gradientOfInput(x, w, dy, attrs), gradientOfKernel(x, w, dy, attrs)],
});

export const convJvp: Jvp<["x", "w"]> = ([x, w], [dx, dw], _results, attrs) => {
  const left = dx && applyOp(convOp, [dx, w], attrs)[0]!;
  const right = dw && applyOp(convOp, [x, dw], attrs)[0]!;
  return left === null || right === null ? (left ?? right) : left.add(right);
};

function checkChannels(ofX: Dim, perGroup: Dim, out: Dim, groups: number): void {
  const takes = groups === 1 ? `${perGroup}` : `${perGroup} in each of ${groups} groups`;
  for (const [channels, whose] of [
    [ofX, "channels of x"],
    [out, "channels of the result"],
  ] as const) {
    if (dimMod(channels, groups) !== 0) fail("E203", `${channels} ${whose} do not divide into ${groups} groups`);
  }
  if (!sameDim(dimMul(perGroup, groups), ofX))
    fail(
      "E204",
      `x has ${ofX} channels but w takes ${takes}, in ${signature}`,
      `give w the size ${dimFloorDiv(ofX, groups)} along its last axis but one`,
    );
}

/** The correlation with widths that may be negative: so many places are left out. */
export function correlate(x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const cut = (widths: Shape): number[] =>
    widths.map((width, i) => (typeof width === "number" && width < 0 ? Math.ceil(-width / attrs.lhsDilation[i]!) : 0));
  const [first, last] = [cut(attrs.lo), cut(attrs.hi)];
  const kept = slice(x, {
    start: everyAxis<Dim>(first, 0),
    limit: x.shape.map((n, i) => dimSub(n, last[i - 1] ?? 0)),
  });
  const filled = (widths: Shape, places: readonly number[]): Shape =>
    widths.map((width, i) => dimAdd(width, places[i]! * attrs.lhsDilation[i]!));
  return applyOp(convOp, [kept, w], { ...attrs, lo: filled(attrs.lo, first), hi: filled(attrs.hi, last) })[0]!;
}

/** Along each axis: how far a kernel reaches, how long x is with its zeros, and dy with a stride's. */
function lengths(x: Tensor, w: Tensor, dy: Tensor, { stride, lhsDilation, rhsDilation }: ConvAttrs) {
  const axes = kernelOf(w);
  return {
    reach: axes.map((size, i) => reachOf(size, rhsDilation[i]!)),
    spread: axes.map((_, i) => spreadSize(x.shape[i + 1]!, lhsDilation[i]! - 1)),
    strided: axes.map((_, i) => spreadSize(dy.shape[i + 1]!, stride[i]! - 1)),
  };
}

const isEmpty = (x: Tensor): boolean => x.shape.slice(1, -1).includes(0);

/**
 * The kernel whose correlation is the transpose of w's, seen from y: turned round, in and out exchanged within each group.
 * (*k, C/groups, O) → (*k, O/groups, C)
 */
export function turned(w: Tensor, groups: number): Tensor {
  const [kernel, k] = [kernelOf(w), w.rank - 2];
  const [perGroup, out] = [w.shape.at(-2)!, w.shape.at(-1)!];
  const inGroup = dimFloorDiv(out, groups);
  const split = reshape(reverse(w, { axis: range(0, k) }), [...kernel, perGroup, groups, inGroup]);
  return reshape(transpose(split, [...range(0, k), k + 2, k + 1, k]), [...kernel, inGroup, dimMul(groups, perGroup)]);
}

/** dy, strewn by the stride, under the kernel turned round. */
function gradientOfInput(x: Tensor, w: Tensor, dy: Tensor, attrs: ConvAttrs): Tensor {
  if (isEmpty(x)) return splat(0, x.shape, x.dtype);
  const { stride, lo, lhsDilation, groups } = attrs;
  const { reach, spread, strided } = lengths(x, w, dy, attrs);
  return correlate(dy, turned(w, groups), {
    ...attrs,
    stride: lhsDilation,
    lhsDilation: stride,
    lo: lo.map((l, i) => dimSub(reach[i]! - 1, l)),
    hi: lo.map((l, i) => dimAdd(dimSub(spread[i]!, strided[i]!), l)),
  });
}

/**
 * x under dy as the kernel, strides and dilations exchanged: the examples are what is contracted, and the channels of a
 * group of x the examples. Where the places of dy are symbolic, no kernel can have them, and it is a product with the windows.
 */
function gradientOfKernel(x: Tensor, w: Tensor, dy: Tensor, attrs: ConvAttrs): Tensor {
  if (isEmpty(x)) return splat(0, w.shape, w.dtype);
  const { stride, lo, rhsDilation, groups } = attrs;
  const [axes, k] = [range(0, w.rank - 2), w.rank - 2];
  const [perGroup, out] = [w.shape.at(-2)!, w.shape.at(-1)!];
  if (perGroup === 1 && sameDim(out, groups)) return gradientOfDepthwise(x, w, dy, attrs);
  if (dy.shape.slice(1, -1).some((n) => typeof n !== "number")) {
    const places = sizeOf(dy.shape.slice(0, -1));
    const seen = reshape(patches(x, kernelOf(w), attrs), [places, groups, perGroup, ...kernelOf(w)]);
    const product = applyOp(dotOp, [seen, reshape(dy, [places, groups, dimFloorDiv(out, groups)])], {
      contract: [[0], [0]],
      batch: [[1], [1]],
      mul: attrs.mul,
    })[0]!; // (groups, C/groups, *k, O/groups)
    return reshape(transpose(product, [...axes.map((i) => i + 2), 1, 0, k + 2]), w.shape);
  }
  const { reach, spread, strided } = lengths(x, w, dy, attrs);
  const split = reshape(x, [...x.shape.slice(0, -1), groups, perGroup]);
  const asExamples = reshape(transpose(split, [k + 2, ...axes.map((i) => i + 1), k + 1, 0]), [
    perGroup,
    ...x.shape.slice(1, -1),
    dimMul(groups, x.shape[0]!),
  ]);
  const kernel = transpose(dy, [...axes.map((i) => i + 1), 0, k + 1]);
  const dw = correlate(asExamples, kernel, {
    ...attrs,
    stride: rhsDilation,
    rhsDilation: stride,
    lo,
    hi: lo.map((l, i) => dimSub(dimAdd(reach[i]! - 1, strided[i]!), dimAdd(l, spread[i]!))),
  });
  return transpose(dw, [...axes.map((i) => i + 1), 0, k + 1]);
}

/** Each channel by itself: the sum over all places of what a tap sees, times dy there. */
function gradientOfDepthwise(x: Tensor, w: Tensor, dy: Tensor, attrs: ConvAttrs): Tensor {
  const seen = widen(patches(x, kernelOf(w), attrs)); // (N, *o, C, *k)
  const each = applyOp(broadcastOp, [widen(dy)], { shape: seen.shape, dims: range(0, dy.rank) })[0]!;
  const product = sum(seen.mul(each), { axis: range(0, dy.rank - 1) }); // (C, *k)
  return convertTo(reshape(transpose(product, [...range(1, w.rank - 2), 0]), w.shape), w.dtype);
}

export const convBatching: Batching<["x", "w"]> = ([x, w], [ofX, ofW], attrs, size) => {
  const groups = attrs.groups;
  if (ofX && ofW) {
    const every = reshape(x, [dimMul(size, x.shape[1]!), ...x.shape.slice(2)]);
    const seen = patches(every, kernelOf(w).slice(1), attrs);
    return inGroups(seen, w, attrs, [x.shape[1]!, ...seen.shape.slice(1, w.rank - 2)], [size]);
  }
  if (ofX) {
    const y = applyOp(convOp, [reshape(x, [dimMul(size, x.shape[1]!), ...x.shape.slice(2)]), w], attrs)[0]!;
    return reshape(y, [size, x.shape[1]!, ...y.shape.slice(1)]);
  }
  // kernels of many examples are one with as many more results, within each group
  const [kernel, k] = [kernelOf(w).slice(1), w.rank - 3];
  const [perGroup, out] = [w.shape.at(-2)!, dimFloorDiv(w.shape.at(-1)!, groups)];
  const split = reshape(w, [size, ...kernel, perGroup, groups, out]);
  const together = transpose(split, [...range(1, k + 2), 0, k + 3]);
  const wide = reshape(together, [...kernel, perGroup, sizeOf([groups, size, out])]);
  const y = applyOp(convOp, [x, wide], attrs)[0]!;
  const apart = reshape(y, [...y.shape.slice(0, -1), groups, size, out]);
  return reshape(transpose(apart, [k + 2, ...range(0, k + 2), k + 3]), [
    size,
    ...y.shape.slice(0, -1),
    w.shape.at(-1)!,
  ]);
};

export interface ConvOptions {
  /** How far windows lie apart, 1 by default. */
  readonly stride?: PerAxis;
  /** What is added around each example, zeros; nothing by default. */
  readonly padding?: Padding;
  /** How far the entries of a kernel lie apart, 1 by default. */
  readonly dilation?: PerAxis;
  /** In how many groups the channels lie that see each other, 1 by default; as many as channels make it depthwise. */
  readonly groups?: number;
}

/**
 * Convolution as networks mean it, a cross-correlation, in 1 to 3 dimensions, channels last.
 * (N, *n, C), (*k, C/groups, O) → (N, *o, O), `o = ⌊(n + lo + hi − dilation·(k − 1) − 1) / stride⌋ + 1`
 */
export function conv(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor {
  checkTensor("conv", "x", x);
  checkTensor("conv", "w", w);
  checkOptions("conv", options, ["stride", "padding", "dilation", "groups"]);
  const dtype = commonDType(convOp, [x, w], "number");
  const axes = checked(
    "conv",
    { x, w },
    () => undefined,
    () => spatialAxes(x, signature),
  );
  const [stride, rhsDilation] = [
    perAxis("conv", "stride", options.stride ?? 1, axes),
    perAxis("conv", "dilation", options.dilation ?? 1, axes),
  ];
  const sizes = rhsDilation.map((_, i) => w.shape[i]);
  const reach = sizes.map((size, i) => reachOf(typeof size === "number" ? size : 1, rhsDilation[i]!));
  return applyOp(convOp, [toTensor("conv", x, dtype), toTensor("conv", w, dtype)], {
    stride,
    ...widthsOf("conv", options.padding ?? "valid", x.shape.slice(1, -1), reach, stride),
    lhsDilation: stride.map(() => 1),
    rhsDilation,
    groups: options.groups ?? 1,
    mul: dtype === "float32" ? currentPrecision() : "same",
  })[0]!;
}

const plain = (axes: number) => ({
  stride: Array<number>(axes).fill(1),
  lo: Array<number>(axes).fill(0),
  hi: Array<number>(axes).fill(0),
  lhsDilation: Array<number>(axes).fill(1),
  rhsDilation: Array<number>(axes).fill(1),
});

export const convSamples = () =>
  samplesOf(convOp, [
    [normal([2, 5, 4, 2]), normal([3, 2, 2, 3]), plain(2)],
    [normal([1, 7, 6, 1]), normal([3, 2, 1, 2]), { ...plain(2), stride: [2, 3], lo: [1, 0], hi: [1, 1] }],
    [
      normal([2, 8, 4]),
      normal([2, 2, 6]),
      { ...plain(1), stride: [2], lo: [3], hi: [0], lhsDilation: [2], rhsDilation: [3], groups: 2 },
    ],
    [normal([1, 3, 3, 2, 2]), normal([2, 2, 1, 1, 4]), { ...plain(3), lo: [0, 1, 0], hi: [1, 0, 0], groups: 2 }],
    [normal([2, 4, 3, 2]), normal([2, 2, 1, 4]), { ...plain(2), lo: [1, 1], groups: 2 }],
    [normal([1, 4, 2], { dtype: "float16" }), normal([3, 2, 2], { dtype: "float16" }), plain(1)],
    [normal([0, 4, 2]), normal([2, 2, 3]), plain(1)],
  ]);

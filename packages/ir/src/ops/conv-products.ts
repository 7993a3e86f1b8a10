import { type Dim, dimAdd, dimAtMost, dimFloorDiv, dimMax, dimMul, dimSub } from "../dim.ts";
import { applyOp } from "../op.ts";
import { broadcastShape, convertTo } from "../promote.ts";
import { MAX_RANK, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { dotOp, type Precision } from "./dot.ts";
import { reverse, transpose } from "./move.ts";
import { pad, spreadSize } from "./pad.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { everyAxis, reachOf } from "./spatial.ts";
import { fold, windows } from "./windows.ts";

export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly lo: Shape;
  readonly hi: Shape;
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly groups: number;
  readonly mul: Precision;
}

/** A correlation as products and sums: over the windows, or, where those see mostly zeros, over the places of x. */
export function convProducts(x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  if (seesZeros(x, w, attrs)) return laidDown(x, w, attrs);
  const seen = patches(x, kernelOf(w), attrs);
  const places = seen.shape.slice(0, w.rank - 1);
  if (attrs.groups === 1) return whole(seen, w, attrs.mul);
  return channelwise(seen, w, attrs, places) ?? inGroups(seen, w, attrs, places);
}

/** The sizes of a kernel. (*k, in, out) */
export const kernelOf = (w: Tensor): readonly number[] => w.shape.slice(0, -2) as readonly number[];
export const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Every window of the padded operand. (N, *n, C) → (N, *o, C, *k) */
export function patches(
  x: Tensor,
  size: readonly number[],
  { stride, lo, hi, lhsDilation, rhsDilation }: ConvAttrs,
): Tensor {
  const padded = pad(x, {
    lo: everyAxis(lo, 0),
    hi: everyAxis(hi, 0),
    interior: everyAxis(
      lhsDilation.map((d) => d - 1),
      0,
    ),
  });
  return windows(padded, { axes: range(1, size.length), size, stride, dilation: rhsDilation });
}

/** One product, with the channels innermost. (N, *o, C, *k), (*k, C, O) → (N, *o, O) */
function whole(seen: Tensor, w: Tensor, mul: Precision): Tensor {
  const axes = w.rank - 2;
  const contract = [[...range(axes + 2, axes), axes + 1], range(0, axes + 1)];
  return applyOp(dotOp, [seen, w], { contract, mul })[0]!;
}

/**
 * A product for each group, and for each example where there are `examples` in front of w and among the first axis of the
 * windows. The places are one axis, since shapes have no room for more. (N, *o, C, *k), (*k, C/groups, O) → (N, *o, O)
 */
export function inGroups(
  seen: Tensor,
  w: Tensor,
  { groups, mul }: ConvAttrs,
  places: Shape,
  examples: Shape = [],
): Tensor {
  const [e, axes] = [examples.length, w.rank - examples.length - 2];
  const kernel = w.shape.slice(e, e + axes);
  const [perGroup, out] = [w.shape.at(-2)!, w.shape.at(-1)!];
  const rows = reshape(seen, [...examples, sizeOf(places), groups, perGroup, ...kernel]);
  const columns = reshape(w, [...examples, ...kernel, perGroup, groups, dimFloorDiv(out, groups)]);
  const each = range(0, e);
  const product = applyOp(dotOp, [rows, columns], {
    contract: [[...range(e + 3, axes), e + 2], range(e, axes + 1)],
    batch: [
      [...each, e + 1],
      [...each, e + axes + 1],
    ],
    mul,
  })[0]!; // (groups, N·*o, O/groups)
  return reshape(transpose(product, [...each, e + 1, e, e + 2]), [...examples, ...places, out]);
}

const MOST_TAPS = 16; // products that are stored for each element of the result: more cost more than zeros do

/** Whether there are zeros between the places of x, and few enough taps for what each place gives them to be stored. */
function seesZeros(x: Tensor, w: Tensor, attrs: ConvAttrs): boolean {
  const { stride, lhsDilation } = attrs;
  if (lhsDilation.every((d) => d === 1) || stride.some((s) => s > 1)) return false;
  if (!x.shape.slice(1, -1).every((n) => dimAtMost(1, n))) return false;
  const taps = kernelOf(w).reduce((most, size, i) => {
    const n = x.shape[i + 1]!;
    const places = placesAlong(x, w, attrs, i);
    return most * (typeof n === "number" && typeof places === "number" ? (n * size) / places : size / lhsDilation[i]!);
  }, 1);
  return taps <= MOST_TAPS;
}

/** The number of places of the result along a spatial axis, with a stride of 1. */
function placesAlong(x: Tensor, w: Tensor, { lo, hi, lhsDilation, rhsDilation }: ConvAttrs, i: number): Dim {
  const padded = dimAdd(dimAdd(lo[i]!, spreadSize(x.shape[i + 1]!, lhsDilation[i]! - 1)), hi[i]!);
  return dimSub(padded, reachOf(kernelOf(w)[i]!, rhsDilation[i]!) - 1);
}

/**
 * Each place of x lays the kernel down, turned round and times the place, `lhsDilation` from the next, and `fold` adds up what overlaps: nothing
 * is multiplied by the zeros between places. (N, *n, C), (*k, C/groups, O) → (N, *o, O)
 */
function laidDown(x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const { lo, lhsDilation, rhsDilation, groups, mul } = attrs;
  const [kernel, k] = [kernelOf(w), w.rank - 2];
  const [perGroup, out] = [w.shape.at(-2)!, w.shape.at(-1)!];
  const inGroup = dimFloorDiv(out, groups);
  const places = x.shape.slice(0, -1);
  const turned = reverse(widen(w), { axis: range(0, k) });
  // sums of 16-bit floats are rounded once, at the end
  const product = applyOp(
    dotOp,
    [reshape(widen(x), [sizeOf(places), groups, perGroup]), reshape(turned, [...kernel, perGroup, groups, inGroup])],
    { contract: [[2], [k]], batch: [[1], [k + 1]], mul },
  )[0]!; // (groups, N·*n, *k, O/groups)
  const entries = reshape(transpose(product, [1, 0, k + 2, ...range(2, k)]), [...places, out, ...kernel]);
  const reach = kernel.map((size, i) => reachOf(size, rhsDilation[i]!));
  const whole = fold(entries, {
    axes: range(1, k),
    dims: kernel.map((_, i) => dimAdd(dimMul(dimSub(x.shape[i + 1]!, 1), lhsDilation[i]!), reach[i]!)),
    stride: lhsDilation,
    dilation: rhsDilation,
  });
  const beyond = (widths: Shape): Dim[] => widths.map((width, i) => dimMax(dimSub(width, reach[i]! - 1), 0));
  const [before, after] = [beyond(lo), beyond(attrs.hi)];
  const around = pad(whole, { lo: everyAxis(before, 0), hi: everyAxis(after, 0) });
  const start = lo.map((l, i) => dimSub(dimAdd(before[i]!, reach[i]! - 1), l));
  const y = slice(around, {
    start: everyAxis(start, 0),
    limit: [x.shape[0]!, ...start.map((first, i) => dimAdd(first, placesAlong(x, w, attrs, i))), out],
  });
  return convertTo(y, x.dtype);
}

/**
 * Groups of one channel, on either side, are no matrices: products of elements, and sums over the window. Undefined where
 * that is not so, or shapes have no room for it. (N, *o, C, *k), (*k, C/groups, O) → (N, *o, O)
 */
function channelwise(seen: Tensor, w: Tensor, { groups }: ConvAttrs, places: Shape): Tensor | undefined {
  const [kernel, k] = [kernelOf(w), w.rank - 2];
  const [perGroup, inGroup] = [w.shape.at(-2)!, dimFloorDiv(w.shape.at(-1)!, groups)];
  if (perGroup !== 1 && inGroup !== 1) return undefined;
  const [ins, outs] = [perGroup, inGroup].map((n) => (n === 1 ? [] : [n!])) as unknown as readonly [Shape, Shape];
  const shape = [...places, groups, ...outs, ...ins, ...kernel];
  if (shape.length > MAX_RANK) return undefined;
  const apart = [...places, groups, ...outs.map(() => 1), ...ins, ...kernel];
  const rows = broadcastShape(reshape(widen(seen), apart), shape);
  const columns = reshape(
    transpose(reshape(widen(w), [...kernel, perGroup, groups, inGroup]), [k + 1, k + 2, k, ...range(0, k)]),
    [groups, ...outs, ...ins, ...kernel],
  );
  const inner = range(shape.length - ins.length - k, ins.length + k);
  const y = sum(rows.mul(columns), { axis: inner });
  return convertTo(reshape(y, [...places, w.shape.at(-1)!]), seen.dtype);
}

import type { Batching, Jvp } from "../beside.ts";
import { isFloat } from "../dtype.ts";
import { applyOp, opRecord } from "../op.ts";
import type { OpRecord } from "../record.ts";
import { distinct, samplesOf, ties } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { and, or } from "./bits.ts";
import { equal, greaterEqual, less, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { isNaN } from "./is-nan.ts";
import { lowestOf } from "./lowest.ts";
import {
  holding,
  overWindow,
  type PoolAttrs,
  type PoolOptions,
  placeHeld,
  poolAttrs,
  pooledShape,
  poolSchema,
  poolWindows,
  sumHeld,
  windowAxes,
} from "./pool.ts";
import { reduceOp, sum } from "./reduce.ts";
import { examplesTogether } from "./spatial.ts";

/**
 * The largest entry of each window, per channel, and its place in the window, counted in row-major order: the first of
 * equals, and never one of the padding; int32. (N, *n, C) → (N, *o, C), (N, *o, C)
 *
 * The gradient flows to that place alone. Scherer, Müller & Behnke 2010, Evaluation of pooling operations.
 */
export const maxPoolOp: OpRecord = opRecord({
  name: "nn.max_pool",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  results: ["y", "index"],
  attrs: poolSchema(),
  type([x], attrs) {
    const shape = pooledShape(x, "number", attrs);
    return [
      { dtype: x.dtype, shape },
      { dtype: "int32", shape },
    ];
  },
  decompose([x], attrs) {
    const seen = poolWindows(x, attrs, lowestOf(x.dtype));
    const axes = windowAxes(attrs);
    const y = applyOp(reduceOp, [seen], { op: "max", axes })[0]!;
    const found = equal(seen, overWindow(y, attrs));
    const wanted = isFloat(x.dtype) ? or(found, isNaN(seen)) : found; // where there is a NaN, y is NaN
    const places = select(onlyInside(wanted, x.shape, attrs), placesIn(seen.shape, attrs), count(attrs));
    return [y, applyOp(reduceOp, [places], { op: "min", axes })[0]!];
  },
  // Every element gathers what the windows that hold it give it: nothing is scattered, as ir.md 1.4 has it, so that no two
  // threads add to one place, and the sum has one order.
  vjp([x], [_y, index], [dy], attrs) {
    const [chosen, given] = [holding(index, x.shape, attrs, -1), holding(dy, x.shape, attrs, 0)];
    return [sumHeld(select(equal(placeHeld(chosen.shape, attrs), chosen), given, 0), attrs)];
  },
});

export const maxPoolJvp: Jvp<["x"], ["y", "index"]> = ([_x], [dx], [_y, index], attrs) => {
  if (dx === null) return [null, null];
  return [sum(atPlace(index, poolWindows(dx, attrs, 0), attrs), { axis: windowAxes(attrs) }), null];
};

const count = ({ size }: PoolAttrs): number => size.reduce((n, s) => n * s, 1);

/** The place of each entry in its window. (N, *o, C, *size) */
function placesIn(shape: Shape, attrs: PoolAttrs): Tensor {
  const [first, ...rest] = windowAxes(attrs);
  return rest.reduce((place, axis) => place.mul(shape[axis]!).add(iota(shape, axis)), iota(shape, first!));
}

/** What is true of an entry that is no padding. */
function onlyInside(wanted: Tensor, shape: Shape, { size, stride, lo, hi }: PoolAttrs): Tensor {
  return size.reduce((inside, _, i) => {
    if (lo[i] === 0 && hi[i] === 0) return inside;
    const [place, entry] = [iota(wanted.shape, i + 1), iota(wanted.shape, size.length + 2 + i)];
    const at = place.mul(stride[i]!).add(entry).sub(lo[i]!);
    return and(inside, and(greaterEqual(at, 0), less(at, shape[i + 1]!)));
  }, wanted);
}

/** Of each window the entry at `index`, 0 for the others. */
const atPlace = (index: Tensor, entries: Tensor, attrs: PoolAttrs): Tensor =>
  select(equal(placesIn(entries.shape, attrs), overWindow(index, attrs)), entries, 0);

export const maxPoolBatching: Batching<["x"]> = ([x], _batched, attrs) => examplesTogether(maxPoolOp, x, attrs);

/**
 * The largest entry of each window, per channel, in 1 to 3 dimensions, channels last. (N, *n, C) → (N, *o, C),
 * `o = ⌊(n + lo + hi − size) / stride⌋ + 1`. Of equals the first has the gradient.
 */
export const maxPool = (x: Tensor, options: PoolOptions): Tensor =>
  applyOp(maxPoolOp, [x], poolAttrs("maxPool", x, options, []))[0]!;

export const maxPoolSamples = () =>
  samplesOf(maxPoolOp, [
    [distinct([2, 4, 6, 2]), { size: [2, 3], stride: [2, 3], lo: [0, 0], hi: [0, 0] }],
    [distinct([1, 5, 4, 2]), { size: [3, 2], stride: [2, 1], lo: [1, 0], hi: [1, 1] }],
    { operands: [ties([2, 6, 3])], attrs: { size: [3], stride: [1], lo: [2], hi: [0] }, kink: true },
    [distinct([1, 2, 3, 2, 1], "float16"), { size: [2, 2, 1], stride: [1, 1, 2], lo: [1, 0, 0], hi: [0, 0, 0] }],
    [distinct([0, 4, 2]), { size: [2], stride: [2], lo: [0], hi: [0] }],
  ]);

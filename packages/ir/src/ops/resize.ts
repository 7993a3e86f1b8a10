import { bool, choice, ints } from "../attrs.ts";
import { keptShape } from "../axes.ts";
import type { Batching } from "../beside.ts";
import { type Dim, dimSub, sameDim } from "../dim.ts";
import type { DType } from "../dtype.ts";
import { checkOptions, OptionError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { broadcastShape, checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { accepts, checked, classWords, fail, failDType } from "../rule.ts";
import { bools, normal, samplesOf } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { intDiv, maximum, minimum, rem, sub } from "./arithmetic.ts";
import { equal, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { dotOp } from "./dot.ts";
import { gatherOp } from "./gather.ts";
import { moveAxis } from "./move.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { examplesTogether, type PerAxis, perAxis, spatialAxes } from "./spatial.ts";

const signature = "(N,*n,C)->(N,*size,C)";

interface ResizeAttrs {
  readonly size: readonly number[];
  readonly method: "nearest" | "linear";
  readonly alignCorners: boolean;
}

/**
 * The spatial axes with `size` places: each one that of the nearest place of x, or linear between the two next to it, axis
 * by axis. Place i of the result stands over `(i + ½)·n/size − ½` of x, as pixels are areas, or, with `alignCorners`, over
 * `i·(n − 1)/(size − 1)`; beyond the ends of x lie the ends. Where places are is computed in integers, and so is exact.
 * (N, *n, C) → (N, *size, C)
 */
export const resizeOp: OpRecord = opRecord({
  name: "nn.resize",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: {
    size: ints({ min: 1 }),
    method: choice<"nearest" | "linear">(["nearest", "linear"]),
    alignCorners: bool(false),
  },
  shape([x], { size, method }) {
    if (method === "linear" && !accepts("float", x.dtype))
      failDType(`x is ${x.dtype} where ${classWords.float} is wanted`);
    const axes = spatialAxes(x, signature);
    if (size.length !== axes)
      fail("E206", `size has ${size.length} entries, where the number of spatial axes is ${axes}`);
    const empty = x.shape.slice(1, -1).indexOf(0);
    if (empty >= 0) fail("E210", `axis ${empty + 1} of x has size 0, and nothing has no places`);
    return [x.shape[0]!, ...size, x.shape.at(-1)!];
  },
  decompose([x], { method, ...attrs }) {
    const read = method === "nearest" ? nearestAlong : linearAlong;
    const y = resized(method === "nearest" ? x : widen(x), attrs.size, (t, axis, o) =>
      read(t, axis, o, attrs.alignCorners),
    );
    return convertTo(y, x.dtype);
  },
  linear: true,
  vjp: ([x], _results, [dy], attrs) => [convertTo(transposed(widen(dy), x.shape, attrs), x.dtype)],
});

/** The spatial axes one after the other, those that change size. */
function resized(x: Tensor, size: readonly number[], along: (t: Tensor, axis: number, o: number) => Tensor): Tensor {
  return size.reduce((t, o, i) => (sameDim(t.shape[i + 1]!, o) ? t : along(t, i + 1, o)), x);
}

/** By how much an axis is repeated, where that is a whole number. */
const factorOf = (n: Dim, o: number): number | undefined => (typeof n === "number" && o % n === 0 ? o / n : undefined);

function nearestAlong(x: Tensor, axis: number, o: number): Tensor {
  const n = x.shape[axis]!;
  const factor = factorOf(n, o);
  if (factor === undefined) return applyOp(gatherOp, [x, nearestPlaces(iota([o], 0), n, o)], { axis })[0]!;
  const apart = reshape(x, x.shape.toSpliced(axis + 1, 0, 1));
  return reshape(broadcastShape(apart, apart.shape.with(axis + 1, factor)), x.shape.with(axis, o));
}

/** `⌊(i + ½)·n / o⌋` */
const nearestPlaces = (i: Tensor, n: Dim, o: number): Tensor => intDiv(i.mul(2).add(1).mul(n), 2 * o);

function linearAlong(x: Tensor, axis: number, o: number, alignCorners: boolean): Tensor {
  const { low, high, part } = between(iota([o], 0), x.shape[axis]!, o, alignCorners, x.dtype);
  const [a, b] = [low, high].map((places) => applyOp(gatherOp, [x, places], { axis })[0]!) as [Tensor, Tensor];
  const weight = reshape(
    part,
    keptShape(
      a.shape,
      [...a.shape.keys()].filter((i) => i !== axis),
    ),
  );
  return a.mul(sub(1, weight)).add(b.mul(weight));
}

/** The two places of x next to those numbered `i`, and which part of the way to the second they lie. */
function between(i: Tensor, n: Dim, o: number, alignCorners: boolean, dtype: DType) {
  const [position, unit] = alignCorners
    ? [i.mul(dimSub(n, 1)), Math.max(o - 1, 1)]
    : [maximum(i.mul(2).add(1).mul(n).sub(o), 0), 2 * o];
  const low = intDiv(position, unit);
  return {
    low,
    high: minimum(low.add(1), dimSub(n, 1)),
    part: convertTo(rem(position, unit), dtype).div(unit),
  };
}

/**
 * The gradient: each axis under the transpose of its matrix of weights. A product and no scatter, so that no two threads
 * add to one place; what is only repeated is added up where it lies.
 */
function transposed(dy: Tensor, shape: Shape, { size, method, alignCorners }: ResizeAttrs): Tensor {
  return size.reduce((t, o, index) => {
    const [axis, n] = [index + 1, shape[index + 1]!];
    if (sameDim(n, o)) return t;
    const factor = method === "nearest" ? factorOf(n, o) : undefined;
    if (factor !== undefined) return sum(reshape(t, t.shape.toSpliced(axis, 1, n, factor)), { axis: axis + 1 });
    const [i, j] = [iota([o, n], 0), iota([o, n], 1)];
    const product = applyOp(dotOp, [t, weights(i, j, n, o, method, alignCorners, t.dtype)], {
      contract: [[axis], [0]],
    });
    return moveAxis(product[0]!, -1, axis);
  }, dy);
}

/** How much of entry j of x place i of the result has. */
function weights(
  i: Tensor,
  j: Tensor,
  n: Dim,
  o: number,
  method: "nearest" | "linear",
  alignCorners: boolean,
  dtype: DType,
): Tensor {
  if (method === "nearest") return convertTo(equal(nearestPlaces(i, n, o), j), dtype);
  const { low, high, part } = between(i, n, o, alignCorners, dtype);
  return select(equal(low, j), sub(1, part), 0).add(select(equal(high, j), part, 0));
}

export const resizeBatching: Batching<["x"]> = ([x], _batched, attrs) => examplesTogether(resizeOp, x, attrs);

export interface ResizeOptions {
  /** Places of each spatial axis of the result. */
  readonly size: PerAxis;
  /** The nearest place, by default, or linear between two along each axis: bilinear, trilinear. */
  readonly method?: "nearest" | "linear";
  /** Whether the first and last places of both lie over each other; otherwise the areas of x and y do. For `linear`. */
  readonly alignCorners?: boolean;
}

/**
 * Another number of places along the spatial axes, channels last. (N, *n, C) → (N, *size, C)
 *
 * Pixels are areas, as in TensorFlow 2 and in PyTorch's `nearest-exact`, `linear`, `bilinear` and `trilinear`.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  checkTensor("resize", "x", x);
  checkOptions("resize", options, ["size", "method", "alignCorners"]);
  const { method = "nearest", alignCorners = false } = options;
  const axes = checked(
    "resize",
    { x },
    () => undefined,
    () => spatialAxes(x, signature),
  );
  if (alignCorners && method === "nearest")
    throw new OptionError("E803", "resize", "alignCorners is true, but the method is nearest", {
      fix: 'use method: "linear"',
    });
  const size = perAxis("resize", "size", options.size, axes);
  return applyOp(resizeOp, [method === "linear" ? toFloat(x) : x], { size, method, alignCorners })[0]!;
}

export const resizeSamples = () =>
  samplesOf(resizeOp, [
    [normal([2, 2, 3, 2]), { size: [4, 3], method: "nearest" }],
    [normal([1, 5, 2]), { size: [3], method: "nearest" }],
    [normal([1, 3, 4, 2]), { size: [5, 2], method: "linear" }],
    [normal([2, 2, 1, 3, 1]), { size: [3, 2, 1], method: "linear", alignCorners: true }],
    [normal([1, 3, 1], { dtype: "float16" }), { size: [4], method: "linear" }],
    [bools([1, 2, 1]), { size: [3], method: "nearest" }],
  ]);

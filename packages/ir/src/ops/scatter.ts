import { axis, bool, choice, int } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { isInteger } from "../dtype.ts";
import { DifferentiationError } from "../errors.ts";
import { wrapInteger } from "../number.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, convertTo, splat, toTensor } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { accepts, currentPlace, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf, ties, values } from "../sample.ts";
import { sameShape, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { equal, select } from "./compare.ts";
import { gatherOp } from "./gather.ts";
import { alongLast, gatheredType, gatherMap, toIndices } from "./indexing.ts";
import { moveAxis } from "./move.ts";

const modes = ["add", "set", "max", "min"] as const;
export type ScatterMode = (typeof modes)[number];

const combine: Readonly<Record<ScatterMode, (x: number, u: number) => number>> = {
  add: (x, u) => x + u,
  set: (_x, u) => u,
  max: Math.max,
  min: Math.min,
};

/**
 * `x` with `updates` combined into the entries along `axis` that `indices` number: the transpose of `gather`, whose
 * result has the shape of `updates`. An index out of range is dropped. Of several updates for one element, `set` keeps
 * the last in row-major order; `unique` promises that there are none.
 *
 * `add` and a unique `set` are linear in `x` and `updates`. `max` and `min` divide the gradient among equal entries, as
 * reductions do. A `set` without the promise has no derivative, since which update lasts is decided by values that no
 * derivative sees.
 */
export const scatterOp: OpRecord = opRecord({
  name: "scatter",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "indices", "updates"],
  attrs: { axis: axis(), batch: int({ min: 0, fallback: 0 }), mode: choice(modes, "add"), unique: bool(false) },
  type([x, indices, updates], { axis, batch, mode }) {
    const { shape } = gatheredType(x, indices, axis, batch);
    if (updates.dtype !== x.dtype) failDType(`x is ${x.dtype} but updates are ${updates.dtype}`, "convert one of them");
    if (mode !== "set" && !accepts("number", x.dtype))
      failDType(`bool has no ${mode}`, 'use mode "set", or convert to a number type');
    if (!sameShape(updates.shape, shape))
      fail(
        "E202",
        `updates are ${shapeText(updates.shape)} where ${shapeText(shape)} is wanted`,
        "give one update per gathered element",
      );
    return { dtype: x.dtype, shape: x.shape };
  },
  vjp([x, indices, updates], [y], [dy], { axis, batch, mode, unique }) {
    const at = { axis, batch };
    const read = (from: Tensor): Tensor => applyOp(gatherOp, [from, indices], at)[0]!;
    if (mode === "add") return [dy, null, read(dy)];
    if (mode === "set") {
      needUnique(unique);
      return [
        applyOp(scatterOp, [dy, indices, splat(0, updates.shape, x.dtype)], { ...at, mode, unique })[0]!,
        null,
        read(dy),
      ];
    }
    const { inX, inUpdates, count } = extremes(x, indices, updates, y, at);
    const share = dy.div(count);
    return [share.mul(inX), null, read(share).mul(inUpdates)];
  },
});

export const scatterJvp: Jvp<["x", "indices", "updates"]> = (
  [x, indices, updates],
  [dx, _indices, du],
  [y],
  { axis, batch, mode, unique },
) => {
  const at = { axis, batch };
  if (mode === "set") needUnique(unique);
  const tx = dx ?? splat(0, x.shape, x.dtype);
  const tu = du ?? splat(0, updates.shape, x.dtype);
  if (mode === "add" || mode === "set") return applyOp(scatterOp, [tx, indices, tu], { ...at, mode, unique })[0]!;
  const { inX, inUpdates, count } = extremes(x, indices, updates, y, at);
  return applyOp(scatterOp, [tx.mul(inX), indices, tu.mul(inUpdates)], { ...at, mode: "add", unique })[0]!.div(count);
};

export const scatterBatching: Batching<["x", "indices", "updates"]> = (
  [x, indices, updates],
  [xBatched, indicesBatched, updatesBatched],
  { batch, ...attrs },
  size,
) => {
  const together = indicesBatched || batch > 0;
  const [bx, bi, bu] = alignBatch([x, indices, updates], [xBatched, indicesBatched || !together, updatesBatched], size);
  return applyOp(scatterOp, [bx!, bi!, bu!], { ...attrs, axis: attrs.axis + 1, batch: together ? batch + 1 : 0 })[0]!;
};

export const scatterMeaning: Meaning<["x", "indices", "updates"]> = (
  [x, indices, updates],
  { axis, batch, mode }: { axis: number; batch: number; mode: ScatterMode },
) => {
  const out = Float64Array.from(x.data);
  const wrap = isInteger(x.dtype)
    ? (value: number): number => wrapInteger(x.dtype, value)
    : (value: number): number => value;
  gatherMap(x.shape, indices.shape, indices.data, axis, batch).forEach((to, i) => {
    if (to >= 0) out[to] = wrap(combine[mode](out[to]!, updates.data[i]!));
  });
  return out;
};

function needUnique(unique: boolean): void {
  if (unique) return;
  throw new DifferentiationError(
    "E601",
    "scatter",
    'it cannot be differentiated: with mode "set" an index may come twice',
    {
      at: currentPlace(),
      fix: "say unique: true if the indices differ, or use mode add",
    },
  );
}

/** 1 where an entry of `x` or of the updates is the extreme in `y`, and how many are, per element of `y`. */
function extremes(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  y: Tensor,
  at: { axis: number; batch: number },
): Record<"inX" | "inUpdates" | "count", Tensor> {
  const inX = convertTo(equal(x, y), x.dtype);
  const inUpdates = convertTo(equal(updates, applyOp(gatherOp, [y, indices], at)[0]!), x.dtype);
  const count = applyOp(scatterOp, [inX, indices, inUpdates], { ...at, mode: "add" })[0]!;
  return { inX, inUpdates, count: select(equal(count, 0), 1, count) }; // a NaN equals nothing
}

export interface ScatterOptions {
  readonly axis: number;
  readonly batch?: number;
  readonly mode?: ScatterMode;
  readonly unique?: boolean;
}

/** `x` with `updates` added at the numbered entries along `axis`, or set, or taken if they are larger or smaller. */
export const scatter = (x: Tensor, indices: Operand, updates: Operand, options: ScatterOptions): Tensor =>
  applyOp(scatterOp, [x, toIndices("scatter", indices), toTensor("scatter", updates, x.dtype)], options)[0]!;

/**
 * `x` with one update per index within each line along `axis`, as NumPy's `put_along_axis`: the transpose of
 * `takeAlong`, with the same shapes. The mode is `set` unless another is named.
 */
export function putAlong(x: Tensor, indices: Operand, updates: Tensor, options: Partial<ScatterOptions> = {}): Tensor {
  const { axis = -1, mode = "set", ...rest } = options;
  const at = toIndices("putAlong", indices);
  const [lines, lineIndices] = alongLast("putAlong", x, at, axis);
  const lineUpdates = convertTo(at.rank === x.rank ? moveAxis(updates, axis, -1) : updates, x.dtype);
  const batch = x.rank - 1;
  return moveAxis(
    applyOp(scatterOp, [lines, lineIndices, lineUpdates], { ...rest, axis: batch, batch, mode })[0]!,
    -1,
    axis,
  );
}

export const scatterSamples = () => {
  const rows = [normal([5, 3]), integers([4], -1, 5), normal([4, 3])] as const; // some out of range, some twice
  const different = values([3, 0, 7, 1], [4], "int32");
  return samplesOf(scatterOp, [
    [...rows, { axis: 0 }],
    [normal([2, 5]), integers([2, 4], 0, 4), normal([2, 4]), { axis: 1, batch: 1 }],
    [normal([2, 5, 3]), integers([2], 0, 4), normal([2, 2, 3]), { axis: 1 }],
    [normal([5, 3]), different, normal([4, 3]), { axis: 0, mode: "set", unique: true }],
    { operands: rows, attrs: { axis: 0, mode: "set" }, differentiable: false },
    [...rows, { axis: 0, mode: "max" }],
    [...rows, { axis: 0, mode: "min" }],
    { operands: [ties([5]), integers([9], 0, 4), ties([9])], attrs: { axis: 0, mode: "max" }, kink: true },
    [integers([5], -9, 9), integers([9], 0, 4), integers([9], -9, 9), { axis: 0 }],
    [normal([4]), integers([0], 0, 3), normal([0]), { axis: 0 }],
  ]);
};

export const putAlongSamples = () =>
  samplesOf(putAlong, [
    [normal([3, 4]), integers([3], 0, 3), normal([3]), { unique: true }],
    [normal([3, 4]), integers([5, 4], 0, 2), normal([5, 4]), { axis: 0, mode: "add" }],
  ]);

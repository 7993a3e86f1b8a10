import { dims, ints } from "../attrs.ts";
import type { Batching, Meaning } from "../beside.ts";
import { type Dim, dimAdd, dimAtMost, dimMax, dimMul, dimSub } from "../dim.ts";
import { checkList, checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor, splat, toTensor } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { Operand, OpRecord } from "../record.ts";
import { fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { countOf, stridedWrite, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { select } from "./compare.ts";
import { broadcastOp } from "./move.ts";
import { sum } from "./reduce.ts";
import { checkLengths, sliceOp } from "./slice.ts";

/** The operand with `lo` values before, `hi` after, and `interior` between its elements along each axis. */
export const padOp: OpRecord = opRecord({
  name: "pad",
  version: 1,
  numeric: "exact",
  inputs: ["x", "value"],
  attrs: { lo: dims(), hi: dims(), interior: ints({ min: 0 }) },
  shape([x, value], { lo, hi, interior }) {
    if (value.dtype !== x.dtype) failDType(`x is ${x.dtype} but value is ${value.dtype}`, "convert one of them");
    if (value.shape.length > 0) fail("E206", `value has rank ${value.shape.length}, not 0`);
    checkLengths(x, { lo, hi, interior });
    [...lo, ...hi].forEach((d) => {
      if (!dimAtMost(0, d))
        fail("E210", `the width ${d} may be negative`, `give the symbols ranges from which 0 <= ${d} follows`);
    });
    return x.shape.map((size, i) => dimAdd(dimAdd(lo[i]!, hi[i]!), spreadSize(size, interior[i]!)));
  },
  linear: true,
  vjp([x], _results, [dy], { lo, interior }) {
    const limit = lo.map((l, i) => dimAdd(l, spreadSize(x.shape[i]!, interior[i]!)));
    const dx = applyOp(sliceOp, [dy], { start: lo, limit, stride: interior.map((n) => n + 1) })[0]!;
    return [dx, sum(dy).sub(sum(dx))];
  },
});

export const padBatching: Batching<["x", "value"]> = ([x, value], [ofX, ofValue], attrs, size) => {
  const widths = { lo: [0, ...attrs.lo], hi: [0, ...attrs.hi], interior: [0, ...attrs.interior] };
  const aligned = alignBatch([x], [ofX], size)[0]!;
  if (!ofValue) return applyOp(padOp, [aligned, value], widths);
  const zeros = applyOp(padOp, [aligned, splat(0, [], x.dtype)], widths)[0]!;
  const taken = applyOp(padOp, [splat(true, aligned.shape, "bool"), splat(false, [], "bool")], widths)[0]!;
  return select(taken, zeros, applyOp(broadcastOp, [value], { shape: zeros.shape, dims: [0] })[0]!);
};

export const padMeaning: Meaning<["x", "value"]> = ([x, value], { lo, interior }, [type]) => {
  const into = stridesOf(type!.shape);
  const out = new Float64Array(countOf(type!.shape)).fill(value.data[0]!);
  const start = into.reduce((n, s, i) => n + s * lo[i], 0);
  stridedWrite(
    out,
    x.data,
    x.shape,
    into.map((s, i) => s * (interior[i] + 1)),
    start,
  );
  return out;
};

/** Length of an axis of `size` elements with `interior` values between each two. */
export const spreadSize = (size: Dim, interior: number): Dim =>
  dimAdd(size, dimMul(interior, dimMax(dimSub(size, 1), 0)));

export interface PadOptions {
  /** How many values before each axis; 0 for axes that are not listed. */
  readonly lo?: readonly Dim[];
  /** How many values after each axis. */
  readonly hi?: readonly Dim[];
  /** How many values between each two elements of an axis. */
  readonly interior?: readonly number[];
  /** What is put there; 0 by default. */
  readonly value?: Operand;
}

/** The operand with `value` before, after and between its elements; the tensor itself where nothing is added. */
export function pad(x: Tensor, options: PadOptions): Tensor {
  checkTensor("pad", "x", x);
  checkOptions("pad", options, ["lo", "hi", "interior", "value"]);
  const { lo = [], hi = [], interior = [], value = 0 } = options;
  for (const [name, list] of Object.entries({ lo, hi, interior }))
    checkList("pad", name, list, `{ ${name}: [${valueText(list)}] }`);
  if ([lo, hi, interior].every((list) => list.every((d) => d === 0) && list.length <= x.rank)) return x;
  const filled = <T>(list: readonly T[]): (T | 0)[] => [...list, ...x.shape.slice(list.length).map(() => 0 as const)];
  return applyOp(padOp, [x, toTensor("pad", value, x.dtype)], {
    lo: filled(lo),
    hi: filled(hi),
    interior: filled(interior),
  })[0]!;
}

export const padSamples = () =>
  samplesOf(padOp, [
    [normal([3]), normal([]), { lo: [1], hi: [2], interior: [0] }],
    [normal([3]), normal([]), { lo: [0], hi: [1], interior: [2] }],
    [normal([2, 3]), normal([]), { lo: [1, 0], hi: [0, 2], interior: [1, 0] }],
    [normal([2, 3]), normal([]), { lo: [0, 0], hi: [0, 0], interior: [0, 0] }],
    [normal([]), normal([]), { lo: [], hi: [], interior: [] }],
    [normal([0]), normal([]), { lo: [1], hi: [1], interior: [2] }],
    [normal([1]), normal([]), { lo: [1], hi: [0], interior: [2] }],
    [integers([2], -9, 9), integers([], -9, 9), { lo: [1], hi: [1], interior: [1] }],
  ]);

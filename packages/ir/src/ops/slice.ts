import { dims, ints } from "../attrs.ts";
import { resolveAxis } from "../axes.ts";
import type { Batching, Meaning } from "../beside.ts";
import { type Dim, dimAdd, dimAtMost, dimFloorDiv, dimRange, dimSub } from "../dim.ts";
import { checkList, checkOptions, ShapeError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { OpRecord } from "../record.ts";
import { currentPlace, fail } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { sameShape, type TensorType } from "../shape.ts";
import { stridedRead, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { pad, spreadSize } from "./pad.ts";

/** Elements `start, start + stride, …` below `limit` along each axis. */
export const sliceOp: OpRecord = opRecord({
  name: "slice",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { start: dims(), limit: dims(), stride: ints({ min: 1 }) },
  shape([x], { start, limit, stride }) {
    checkLengths(x, { start, limit, stride });
    return x.shape.map((size, i) => {
      checkAtMost(`start of axis ${i}`, start[i]!, `its limit`, limit[i]!);
      checkAtMost(`limit of axis ${i}`, limit[i]!, `its size`, size);
      return steps(start[i]!, limit[i]!, stride[i]!);
    });
  },
  linear: true,
  // zeros go back between and around the elements that were taken
  vjp: ([x], _results, [dy], { start, stride }) => [
    pad(dy, {
      lo: start,
      hi: x.shape.map((size, i) => dimSub(dimSub(size, start[i]!), spreadSize(dy.shape[i]!, stride[i]! - 1))),
      interior: stride.map((s) => s - 1),
    }),
  ],
});

export const sliceBatching: Batching<["x"]> = ([x], _batched, { start, limit, stride }, size) =>
  applyOp(sliceOp, [x], { start: [0, ...start], limit: [size, ...limit], stride: [1, ...stride] });

export const sliceMeaning: Meaning<["x"]> = ([x], { start, stride }, [type]) => {
  const from = stridesOf(x.shape);
  const first = from.reduce((n, s, i) => n + s * start[i], 0);
  return stridedRead(
    x.data,
    type!.shape,
    from.map((s, i) => s * stride[i]),
    first,
  );
};

const steps = (start: Dim, limit: Dim, stride: number): Dim =>
  dimFloorDiv(dimAdd(dimSub(limit, start), stride - 1), stride);

/** Refuses per-axis lists that are not as long as the operand's rank. */
export function checkLengths(x: TensorType, lists: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (list.length !== x.shape.length)
      fail("E206", `${name} has ${list.length} entries but x has rank ${x.shape.length}`);
  }
}

function checkAtMost(what: string, a: Dim, bound: string, b: Dim): void {
  if (dimAtMost(a, b)) return;
  if (dimRange(dimSub(b, a))[1] < 0) fail("E210", `the ${what} is ${a}, beyond ${bound} ${b}`);
  fail(
    "E210",
    `the ${what} is ${a}, which may be beyond ${bound} ${b}`,
    `give the symbols ranges from which ${a} <= ${b} follows`,
  );
}

export interface SliceOptions {
  /** First index of each axis; negative numbers count from the end. Axes that are not listed begin at 0. */
  readonly start?: readonly Dim[];
  /** Index after the last of each axis; negative numbers count from the end. Axes that are not listed are whole. */
  readonly limit?: readonly Dim[];
  /** Step of each axis, from 1. */
  readonly stride?: readonly number[];
}

/** Elements `start, start + stride, …` below `limit` along each axis; the tensor itself where that is everything. */
export function slice(x: Tensor, options: SliceOptions = {}): Tensor {
  checkTensor("slice", "x", x);
  checkOptions("slice", options, ["start", "limit", "stride"]);
  for (const [name, list] of Object.entries(options)) {
    if (list !== undefined) checkList("slice", name, list, `{ ${name}: [${valueText(list)}] }`);
  }
  const start = perAxis(x, options.start, () => 0).map((d, i) => fromEnd(x, i, d));
  const limit = perAxis(x, options.limit, (size) => size).map((d, i) => fromEnd(x, i, d));
  const stride = perAxis(x, options.stride, () => 1);
  const everyStep = start.every((d) => d === 0) && stride.every((s) => s === 1);
  const whole =
    everyStep && [start, limit, stride].every((list) => list.length === x.rank) && sameShape(limit, x.shape);
  return whole ? x : applyOp(sliceOp, [x], { start, limit, stride })[0]!;
}

/** The list with a value for each axis that it leaves out; entries too many are the op's to refuse. */
const perAxis = <T>(x: Tensor, given: readonly T[] = [], missing: (size: Dim) => T): T[] => [
  ...given,
  ...x.shape.slice(given.length).map(missing),
];

function fromEnd(x: Tensor, axis: number, index: Dim): Dim {
  const size = x.shape[axis];
  if (typeof index !== "number" || index >= 0 || size === undefined) return index;
  const counted = dimAdd(size, index);
  if (typeof counted !== "number" || counted >= 0) return counted;
  throw new ShapeError("E210", "slice", `${index} on axis ${axis} is before its beginning, ${-counted} too far`, {
    operands: { x },
    at: currentPlace(),
  });
}

/** `slice` along one axis: elements from `start` up to `limit`, by default all that follow. */
export function sliceAxis(x: Tensor, axis: number, start: Dim, limit?: Dim, stride = 1): Tensor {
  checkTensor("sliceAxis", "x", x);
  const at = resolveAxis("slice", axis, x.rank, x);
  const only = <T>(value: T, other: T): T[] => x.shape.map((_, i) => (i === at ? value : other));
  return slice(x, {
    start: only(start, 0),
    limit: x.shape.map((size, i) => (i === at ? (limit ?? size) : size)),
    stride: only(stride, 1),
  });
}

export const sliceSamples = () =>
  samplesOf(sliceOp, [
    [normal([5]), { start: [1], limit: [4], stride: [1] }],
    [normal([7]), { start: [1], limit: [6], stride: [2] }],
    [normal([7]), { start: [0], limit: [7], stride: [3] }],
    [normal([3, 4]), { start: [1, 0], limit: [3, 4], stride: [1, 3] }],
    [normal([3, 4]), { start: [0, 0], limit: [3, 4], stride: [1, 1] }],
    [normal([3, 4]), { start: [1, 2], limit: [1, 4], stride: [1, 1] }],
    [normal([]), { start: [], limit: [], stride: [] }],
    [normal([0]), { start: [0], limit: [0], stride: [1] }],
    [integers([6], -9, 9), { start: [2], limit: [5], stride: [1] }],
  ]);

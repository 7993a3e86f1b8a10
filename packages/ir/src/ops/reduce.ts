import { axes, choice, dtypeAttr } from "../attrs.ts";
import { keptShape, resolveAxes } from "../axes.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { accumulator, type DType, dtypes, integerRange, isFloat } from "../dtype.ts";
import { checkOptions, ShapeError } from "../errors.ts";
import { wrapInteger } from "../number.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { accepts, classWords, currentPlace, failDType } from "../rule.ts";
import { bools, type Case, distinct, integers, normal, samplesOf, ties, uniform, values } from "../sample.ts";
import type { Shape } from "../shape.ts";
import { countOf, stridedRead, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { div } from "./arithmetic.ts";
import { equal, notEqual, select } from "./compare.ts";
import { broadcastOp } from "./move.ts";
import { productsOfOthers } from "./product.ts";
import { reshape } from "./reshape.ts";

const operations = ["sum", "prod", "max", "min", "and", "or"] as const;
export type Reduction = (typeof operations)[number];

/**
 * One value for all elements along `axes`, which disappear. Nothing at all gives 0, 1, −∞, ∞, all ones, 0; for
 * integers the limits of the dtype. Integers wrap; NaN wins over every number in max and min.
 */
export const reduceOp: OpRecord = opRecord({
  name: "reduce",
  version: 1,
  numeric: "accumulate",
  inputs: ["x"],
  attrs: { op: choice(operations), axes: axes(), acc: dtypeAttr((args) => accumulator(args[0]!.dtype)) },
  shape([x], { op, axes, acc }) {
    const wanted = op === "and" || op === "or" ? "logical" : "number";
    if (!accepts(wanted, x.dtype)) failDType(`x is ${x.dtype} where ${classWords[wanted]} is wanted for ${op}`);
    checkAccumulator(x.dtype, acc);
    return x.shape.filter((_, i) => !axes.includes(i));
  },
  linear: ({ op }) => op === "sum",
  vjp([x], [y], [dy], { op, axes, acc }) {
    if (op === "sum") return [spreadOver(dy, x.shape, axes)];
    if (op === "prod") return [spreadOver(dy, x.shape, axes).mul(productsOfOthers(x, axes, acc))];
    if (op === "and" || op === "or") return [null];
    const [ties, count] = tiesOf(x, y, axes);
    return [select(ties, spreadOver(div(dy, count), x.shape, axes), 0)];
  },
});

export const reduceJvp: Jvp<["x"]> = ([x], [dx], [y], { op, axes, acc }) => {
  if (dx === null || op === "and" || op === "or") return null;
  const sumOf = (t: Tensor): Tensor => reduced("sum", t, axes);
  if (op === "sum") return sumOf(dx);
  if (op === "prod") return sumOf(dx.mul(productsOfOthers(x, axes, acc)));
  const [ties, count] = tiesOf(x, y, axes);
  return div(sumOf(select(ties, dx, 0)), count);
};

export const reduceBatching: Batching<["x"]> = ([x], _batched, { op, axes, acc }) =>
  applyOp(reduceOp, [x], { op, axes: axes.map((a: number) => a + 1), acc });

export const reduceMeaning: Meaning<["x"]> = ([x], { op, axes }) => {
  const strides = stridesOf(x.shape);
  const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const order = [...kept, ...(axes as readonly number[])];
  const rows = stridedRead(
    x.data,
    order.map((i) => x.shape[i]!),
    order.map((i) => strides[i]!),
  );
  const out = new Float64Array(countOf(kept.map((i) => x.shape[i]!))).fill(identity(op, x.dtype));
  const length = countOf((axes as readonly number[]).map((i) => x.shape[i]!));
  const step = isFloat(x.dtype) ? floats[op as Reduction] : integerStep(op, x.dtype);
  for (let i = 0, at = 0; i < out.length; i++) {
    let value = out[i]!;
    for (const end = at + length; at < end; at++) value = step(value, rows[at]!);
    out[i] = value;
  }
  return out;
};

/** Refuses to accumulate in a dtype that holds less than the operands. */
export function checkAccumulator(dtype: DType, acc: DType): void {
  const wider = isFloat(dtype) && isFloat(acc) && dtypes[acc].byteLength > dtypes[dtype].byteLength;
  if (acc !== dtype && !wider) failDType(`${dtype} cannot be accumulated in ${acc}`, `use ${accumulator(dtype)}`);
}

const floats: Readonly<Record<Reduction, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
};

function integerStep(op: Reduction, dtype: DType): (a: number, b: number) => number {
  if (op === "max" || op === "min" || dtype === "bool") return floats[op];
  const step = op === "prod" ? Math.imul : floats[op];
  return (a, b) => wrapInteger(dtype, step(a, b));
}

function identity(op: Reduction, dtype: DType): number {
  if (op === "sum" || op === "or") return 0;
  if (op === "prod") return 1;
  if (dtype === "bool") return 1;
  if (op === "and") return wrapInteger(dtype, -1);
  const [least, most] = isFloat(dtype) ? [-Infinity, Infinity] : integerRange(dtype);
  return op === "max" ? least : most;
}

/** `y` repeated along the axes that were reduced away. */
function spreadOver(y: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  const dims = shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  return applyOp(broadcastOp, [y], { shape, dims })[0]!;
}

/** Where x reaches its extreme, and how often, as a number of x's dtype. */
function tiesOf(x: Tensor, y: Tensor, axes: readonly number[]): readonly [ties: Tensor, count: Tensor] {
  const ties = equal(x, spreadOver(y, x.shape, axes));
  return [ties, reduced("sum", convertTo(ties, x.dtype), axes)];
}

const reduced = (op: Reduction, x: Tensor, axes: readonly number[]): Tensor => applyOp(reduceOp, [x], { op, axes })[0]!;

export interface ReduceOptions {
  /** One axis or several; all where none is given. Negative ones count from the end. */
  readonly axis?: number | readonly number[];
  /** Whether the reduced axes stay, with size 1. */
  readonly keepDims?: boolean;
}

/** @param prepare Brings the operand to the dtype that is reduced. */
function reduce(name: string, op: Reduction, given: Tensor, options: ReduceOptions, prepare = itself): Tensor {
  checkTensor(name, "x", given);
  checkOptions(name, options, ["axis", "keepDims"]);
  const { axis, keepDims = false } = options;
  const x = prepare(given);
  const axes = resolveAxes(name, x, axis);
  const empty = op === "max" || op === "min" ? axes.find((i) => x.shape[i] === 0) : undefined;
  if (empty !== undefined) {
    const problem = `axis ${empty} has size 0, and nothing has no ${op === "max" ? "largest" : "smallest"} element`;
    throw new ShapeError("E208", name, problem, { operands: { x }, at: currentPlace() });
  }
  const y = reduced(x.dtype === "bool" ? logicalOf(op) : op, x, axes);
  return keepDims ? reshape(y, keptShape(x.shape, axes)) : y;
}

const itself = (x: Tensor): Tensor => x;

/** The largest of truth values is whether there is any, the smallest whether all are. */
const logicalOf = (op: Reduction): Reduction => (op === "max" ? "or" : op === "min" ? "and" : op);

/** bool and the small integers are added up in 32 bits, as in JAX. */
function widened(x: Tensor): Tensor {
  const { kind, byteLength } = dtypes[x.dtype];
  if (kind === "float" || byteLength >= 4) return x;
  return convertTo(x, kind === "unsigned" ? "uint32" : "int32");
}

/** Sum along `axis`. The 16-bit floats are added up in float32; bool and small integers give a 32-bit integer. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("sum", "sum", x, options, widened);

/** Product along `axis`, in the dtypes of `sum`. */
export const prod = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("prod", "prod", x, options, widened);

/** Largest element along `axis`; NaN if there is one. Its gradient is shared equally among ties. */
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("max", "max", x, options);

/** Smallest element along `axis`; NaN if there is one. Its gradient is shared equally among ties. */
export const min = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("min", "min", x, options);

/** Whether any element along `axis` differs from 0. */
export const any = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("any", "or", x, options, truth);

/** Whether every element along `axis` differs from 0. */
export const all = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("all", "and", x, options, truth);

const truth = (x: Tensor): Tensor => (x.dtype === "bool" ? x : notEqual(x, 0));

const numbers = () =>
  (["sum", "prod", "max", "min"] as const).flatMap((op): Case[] => [
    [distinct([3, 4]), { op }],
    [distinct([3, 4]), { op, axes: [-1] }],
    [distinct([2, 3, 2]), { op, axes: [0, 2] }],
    [distinct([2, 3]), { op, axes: [] }],
    [normal([]), { op }],
    [normal([2, 0]), { op, axes: [0] }],
    [normal([1, 5], { dtype: "float64" }), { op, axes: [0] }],
    [normal([4], { dtype: "float16" }), { op }],
    [normal([4], { dtype: "bfloat16" }), { op, acc: "float32" }],
    [integers([3, 4], -9, 9), { op, axes: [1] }],
    [integers([40], -128, 127, "int8"), { op }],
    [values([4294967295, 2, 3], [3], "uint32"), { op }],
  ]);
const extremes = () =>
  (["max", "min"] as const).flatMap((op): Case[] => [
    { operands: [ties([4, 5])], attrs: { op, axes: [1] }, kink: true },
    { operands: [values([2, 2, 2])], attrs: { op }, kink: true },
  ]);
const logical = () =>
  (["and", "or"] as const).flatMap((op): Case[] => [
    [bools([3, 4]), { op, axes: [0] }],
    [bools([]), { op }],
    [bools([2, 0]), { op, axes: [1] }],
    [integers([3, 4], -99, 99), { op, axes: [1] }],
    [integers([3, 4], 0, 65535, "uint16"), { op }],
  ]);

export const reduceSamples = () =>
  samplesOf(reduceOp, [
    ...numbers(),
    ...extremes(),
    ...logical(),
    [normal([2, 0]), { op: "sum" }],
    [normal([2, 0]), { op: "prod", axes: [1] }],
    // products with zeros, and of lengths that do and do not halve evenly
    [values([0, 2, 3]), { op: "prod" }],
    [values([0, 2, 0, 3, 5, 0, 2, 7], [2, 4]), { op: "prod", axes: [1] }],
    [uniform([7], 0.5, 2), { op: "prod" }],
  ]);

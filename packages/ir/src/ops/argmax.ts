import { axis } from "../attrs.ts";
import { keptShape } from "../axes.ts";
import { isFloat } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { accepts, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf, ties, values } from "../sample.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { or } from "./bits.ts";
import { equal, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { isNaN } from "./is-nan.ts";
import { type Reduction, reduceOp } from "./reduce.ts";
import { reshape } from "./reshape.ts";

function extremum(name: string, op: Reduction): OpRecord {
  const record: OpRecord = opRecord({
    name,
    version: 1,
    numeric: "exact",
    inputs: ["x"],
    attrs: { axis: axis(-1) },
    type([{ dtype, shape }], { axis }) {
      if (!accepts("number", dtype)) failDType("x is bool where a number type is wanted", "convert it");
      if (shape[axis] === 0) fail("E208", `axis ${axis} has size 0, and nothing has no extreme value`);
      return { dtype: "int32", shape: shape.toSpliced(axis, 1) };
    },
    decompose([x], { axis }) {
      const kept = keptShape(x.shape, [axis]);
      const extreme = reshape(applyOp(reduceOp, [x], { op, axes: [axis] })[0]!, kept);
      const found = equal(x, extreme);
      const wanted = isFloat(x.dtype) ? or(found, isNaN(x)) : found; // where there is a NaN, the extreme is NaN
      const places = select(wanted, iota(x.shape, axis), x.shape[axis]!);
      return applyOp(reduceOp, [places], { op: "min", axes: [axis] })[0]!;
    },
    batch: ([x], _batched, { axis }) => applyOp(record, [x], { axis: axis + 1 }),
  });
  return record;
}

/** Index of the largest entry along `axis`, the first of equals; of the first NaN, if there is one. int32. */
export const argmaxOp = extremum("nn.argmax", "max");

/** Index of the smallest entry along `axis`, the first of equals; of the first NaN, if there is one. int32. */
export const argminOp = extremum("nn.argmin", "min");

export interface ArgOptions {
  /** The place among all elements in row-major order, where none is given. */
  readonly axis?: number;
  readonly keepDims?: boolean;
}

function place(op: OpRecord, given: Tensor, options: ArgOptions): Tensor {
  checkTensor(op.name, "x", given);
  checkOptions(op.name, options, ["axis", "keepDims"]);
  const { axis, keepDims = false } = options;
  const x = given.dtype === "bool" ? given.cast("int32") : given;
  if (axis === undefined)
    return reshape(applyOp(op, [reshape(x, [sizeOf(x.shape)])], { axis: 0 })[0]!, keepDims ? x.shape.map(() => 1) : []);
  const y = applyOp(op, [x], { axis })[0]!;
  return keepDims ? reshape(y, keptShape(x.shape, [axis < 0 ? axis + x.rank : axis])) : y;
}

/** Index of the largest entry along `axis`, the first of equals, int32; NaN counts as the largest. */
export const argmax = (x: Tensor, options: ArgOptions = {}): Tensor => place(argmaxOp, x, options);

/** Index of the smallest entry along `axis`, the first of equals, int32; NaN counts as the smallest. */
export const argmin = (x: Tensor, options: ArgOptions = {}): Tensor => place(argminOp, x, options);

const searched = () =>
  [
    [normal([4, 7])],
    [ties([3, 5, 2]), { axis: 1 }],
    [integers([4, 3], -2, 2), { axis: 0 }],
    [values([1, NaN, 3, NaN])],
    [normal([0, 3])],
  ] as const;

export const argmaxSamples = () => samplesOf(argmaxOp, searched());

export const argminSamples = () => samplesOf(argminOp, searched());

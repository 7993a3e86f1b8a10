import {
  applyOp,
  type ConcreteType,
  type DType,
  dtypes,
  type Elements,
  encodeElements,
  isFloat,
  isInteger,
  lookupOp,
  MAX_CONSTANT_BYTES,
  type Node,
  roundToDType,
  splat,
  type Tensor,
  type TensorType,
} from "@tenon/ir";
import { denseValues, isSplat, splatValue } from "./constant-of.ts";
import type { Pass } from "./pass.ts";

/** Constants with more elements are left to the device. */
const MAX_ELEMENTS = 64;

/**
 * Element-wise ops on constants become constants. A constant with one number for all elements stays one through movement
 * ops as well, whatever its shape, which may be symbolic; lists of different elements are moved by the target.
 *
 * Exact: an op is folded only if its result is decided by the IR. Ops on integers and bool are. Of the floats, those of
 * the classes exact, rounded and division are: +, −, ×, ÷, √ of a float64 evaluation, rounded once more to the dtype, are
 * correctly rounded, since float64 has more than twice the digits plus two of every smaller float (Figueroa 1995, When is
 * double rounding innocuous?). Transcendental functions and float sums are the target's, and are not folded; nor are
 * 64-bit integers, which float64 does not hold.
 */
export const foldConstants: Pass = {
  name: "fold",
  start: () => (node) => {
    if (node.op.name === "constant") return evenConstant(node);
    if (node.op.name === "dim") return fixedSize(node);
    if (node.inputs.length === 0 || node.inputs.some((t) => t.op.name !== "constant")) return undefined;
    return movedSplat(node) ?? folded(node);
  },
};

/** A list of elements that are all the same is one number. */
function evenConstant({ outputs }: Node): readonly Tensor[] | undefined {
  const [y] = outputs;
  const values = denseValues(y!);
  if (values === undefined || values.length === 0 || isWide(y!.dtype)) return undefined;
  const first = values[0]!;
  if (Number.isNaN(first) || !values.every((x) => Object.is(x, first))) return undefined;
  return [splat(first, y!.shape, y!.dtype)];
}

/** A size that is no longer symbolic is a number, if the dtype holds it. */
function fixedSize({ attrs, outputs }: Node): readonly Tensor[] | undefined {
  const [y] = outputs;
  if (typeof attrs.expr !== "number" || roundToDType(y!.dtype, attrs.expr) !== attrs.expr) return undefined;
  return [splat(attrs.expr, [], y!.dtype)];
}

/** Ops whose result holds nothing but elements of their first operand, and of the others. */
const movements = ["broadcast", "dynamic_slice", "reshape", "reverse", "slice", "transpose", "windows"];
const joins = ["concat", "pad"];

/** Moving equal elements about changes nothing but their number. */
function movedSplat({ op, inputs, outputs }: Node): readonly Tensor[] | undefined {
  const value = splatValue(inputs[0]!);
  const moved = joins.includes(op.name) ? inputs : movements.includes(op.name) ? inputs.slice(0, 1) : [];
  if (value === undefined || moved.length === 0 || !moved.every((t) => isSplat(t, value))) return undefined;
  return [splat(value, outputs[0]!.shape, outputs[0]!.dtype)];
}

/** One number from each operand where that is all that the op is given, all elements of short lists otherwise. */
function folded(node: Node): readonly Tensor[] | undefined {
  const { op, attrs, inputs, outputs } = node;
  if (!isDecided(node)) return undefined;
  const even = inputs.every((t) => splatValue(t) !== undefined);
  if (!even && !inputs.every(isSmall)) return undefined;
  const typeOf = ({ dtype, shape }: Tensor): ConcreteType => ({
    dtype,
    shape: even ? [] : (shape as readonly number[]),
  });
  const operands = inputs.map((t): Elements => {
    const type = typeOf(t);
    const data = denseValues(t) ?? new Float64Array(countOf(type.shape)).fill(splatValue(t)!);
    return { ...type, data };
  });
  const data = op.run?.(operands, attrs, outputs.map(typeOf), noRegion) ?? [eachElement(node, operands)];
  if (data.some((list) => list.some((value) => isHidden(node, value)))) return undefined;
  return outputs.map(({ dtype, shape }, i) =>
    even
      ? splat(data[i]![0]!, shape, dtype)
      : applyOp(lookupOp("constant")!, [], { value: encodeElements(dtype, data[i]!), shape, dtype })[0]!,
  );
}

/** Whether the IR decides every bit of the results. */
function isDecided({ op, inputs, outputs }: Node): boolean {
  if (op.kind !== "scalar" && op.evaluate === undefined) return false;
  const types = [...inputs, ...outputs];
  if (types.some(({ dtype }) => isWide(dtype))) return false;
  const settled = op.numeric === "exact" || op.numeric === "rounded" || op.numeric === "division";
  return settled || !types.some(({ dtype }) => isFloat(dtype));
}

const isWide = (dtype: DType): boolean => dtypes[dtype].byteLength === 8 && !isFloat(dtype);

/** A NaN made of the bits of an integer: its payload would be lost. */
const isHidden = ({ inputs }: Node, value: number): boolean =>
  Number.isNaN(value) && !inputs.some(({ dtype }) => isFloat(dtype));

const isSmall = ({ dtype, shape }: TensorType): boolean => {
  let size = 1;
  for (const d of shape) {
    if (typeof d !== "number") return false;
    size *= d;
  }
  return size <= MAX_ELEMENTS && size * dtypes[dtype].byteLength <= MAX_CONSTANT_BYTES;
};

const countOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** The meaning of a scalar op; the constant made of it rounds or wraps it to the dtype. */
function eachElement({ op, attrs, inputs }: Node, operands: readonly Elements[]): Float64Array {
  const meaning = (isInteger(inputs.at(-1)!.dtype) ? op.integers : undefined) ?? op.evaluate!;
  return operands[0]!.data.map((_, i) => meaning(...operands.map(({ data }) => data[i]!), attrs));
}

const noRegion = (): never => {
  throw new TypeError("an op that runs regions is not folded");
};

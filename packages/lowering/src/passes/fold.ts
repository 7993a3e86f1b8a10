import { type DType, dtypes, isFloat, type Node, roundToDType, splat, type Tensor } from "@tenon/ir";
import { rare } from "../parts.ts";
import { denseValues, isSplat, splatValue } from "./constant-of.ts";
import type { Pass } from "./pass.ts";

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
    return movedSplat(node) ?? (isDecided(node) ? rare.now.folded(node) : undefined);
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

/** Whether the IR decides every bit of the results. */
function isDecided({ op, inputs, outputs }: Node): boolean {
  if (op.kind !== "scalar" && op.evaluate === undefined) return false;
  const types = [...inputs, ...outputs];
  if (types.some(({ dtype }) => isWide(dtype))) return false;
  const settled = op.numeric === "exact" || op.numeric === "rounded" || op.numeric === "division";
  return settled || !types.some(({ dtype }) => isFloat(dtype));
}

const isWide = (dtype: DType): boolean => dtypes[dtype].byteLength === 8 && !isFloat(dtype);

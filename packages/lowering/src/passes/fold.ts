import {
  type Attrs,
  type AttrValue,
  applyOp,
  barrierOp,
  broadcastOp,
  type ConcreteType,
  concatOp,
  constantOp,
  DimExpr,
  type DType,
  dimOp,
  dtypes,
  dynamicSliceOp,
  type Elements,
  encodeElements,
  isFloat,
  isInteger,
  MAX_CONSTANT_BYTES,
  type Node,
  type OpRecord,
  padOp,
  reshapeOp,
  reverseOp,
  roundToDType,
  sliceOp,
  splat,
  type Tensor,
  type TensorType,
  transposeOp,
  windowsOp,
} from "@tenon/ir";
import { denseValues, splatValue } from "./constant-of.ts";
import type { Pass } from "./pass.ts";

/** Constants with more elements are left to the device. */
const MAX_ELEMENTS = 64;

/**
 * Ops on constants become constants. A constant with one number for all elements stays one through element-wise and
 * movement ops, whatever its shape, which may be symbolic.
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
    if (node.op === constantOp) return evenConstant(node);
    if (node.op === dimOp) return fixedSize(node);
    if (node.inputs.length === 0 || node.inputs.some((t) => t.op !== constantOp)) return undefined;
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

/** Ops whose result holds nothing but elements of their first operand. */
const movements: ReadonlySet<OpRecord> = new Set([
  broadcastOp,
  dynamicSliceOp,
  reshapeOp,
  reverseOp,
  sliceOp,
  transposeOp,
  windowsOp,
]);

/** Moving equal elements about changes nothing but their number. */
function movedSplat({ op, inputs, outputs }: Node): readonly Tensor[] | undefined {
  const value = splatValue(inputs[0]!);
  const joins = op === concatOp || op === padOp;
  if (value === undefined || !(joins || movements.has(op))) return undefined;
  if (joins && !inputs.every((t) => Object.is(splatValue(t), value))) return undefined;
  return [splat(value, outputs[0]!.shape, outputs[0]!.dtype)];
}

function folded(node: Node): readonly Tensor[] | undefined {
  const { op, inputs, outputs } = node;
  if (!isDecided(node)) return undefined;
  const elementwise = op.kind === "scalar" || op.evaluate !== undefined;
  const values = inputs.map(splatValue);
  if (elementwise && values.every((value) => value !== undefined)) {
    const value = scalarMeaning(node, values, outputs[0]!.dtype);
    return isHidden(node, value) ? undefined : [splat(value, outputs[0]!.shape, outputs[0]!.dtype)];
  }
  if (![...inputs, ...outputs].every(isSmall) || hasSymbols(node.attrs)) return undefined;
  const operands = inputs.map(elementsOf);
  const data = elementwise ? [eachElement(node, operands)] : runWhole(node, operands);
  if (data.some((list) => list.some((value) => isHidden(node, value)))) return undefined;
  return outputs.map(({ dtype, shape }, i) => dense(data[i]!, { dtype, shape }));
}

/** Whether the IR decides every bit of the results. */
function isDecided({ op, inputs, outputs }: Node): boolean {
  if (op === barrierOp || (op.run === undefined && op.evaluate === undefined)) return false;
  if (Object.values(op.attrs).some(({ kind }) => kind === "function" || kind === "functions")) return false;
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

const hasSymbols = (attrs: Attrs): boolean =>
  Object.values(attrs).some((value: AttrValue) =>
    Array.isArray(value) ? value.some((d) => d instanceof DimExpr) : value instanceof DimExpr,
  );

const countOf = (shape: TensorType["shape"]): number => (shape as readonly number[]).reduce((n, d) => n * d, 1);

function elementsOf(t: Tensor): Elements {
  const shape = t.shape as readonly number[];
  const data = denseValues(t) ?? new Float64Array(countOf(shape)).fill(splatValue(t)!);
  return { dtype: t.dtype, shape, data };
}

/** The meaning of a scalar op on one number per operand; the constant made of it rounds or wraps it to the dtype. */
function scalarMeaning({ op, inputs, attrs }: Node, values: readonly unknown[], dtype: DType): number {
  if (op.run !== undefined) {
    const operands = inputs.map((t, i) => ({ dtype: t.dtype, shape: [], data: Float64Array.of(values[i] as number) }));
    return op.run(operands, attrs, [{ dtype, shape: [] }], noRegion)[0]![0]!;
  }
  const meaning = (isInteger(inputs.at(-1)!.dtype) ? op.integers : undefined) ?? op.evaluate!;
  return meaning(...values, attrs);
}

function eachElement(node: Node, operands: readonly Elements[]): Float64Array {
  const { dtype, shape } = node.outputs[0]!;
  return Float64Array.from({ length: countOf(shape) }, (_, i) =>
    scalarMeaning(
      node,
      operands.map(({ data }) => data[i]!),
      dtype,
    ),
  );
}

const runWhole = ({ op, attrs, outputs }: Node, operands: readonly Elements[]): readonly Float64Array[] => {
  const types = outputs.map(({ dtype, shape }) => ({ dtype, shape }) as ConcreteType);
  return op.run!(operands, attrs, types, noRegion);
};

const noRegion = (): never => {
  throw new TypeError("an op that runs regions is not folded");
};

function dense(data: Float64Array, { dtype, shape }: TensorType): Tensor {
  return applyOp(constantOp, [], { value: encodeElements(dtype, data), shape, dtype })[0]!;
}

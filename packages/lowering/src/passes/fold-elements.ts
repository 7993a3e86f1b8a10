import {
  applyOp,
  type ConcreteType,
  dtypes,
  type Elements,
  encodeElements,
  isFloat,
  isInteger,
  lookupOp,
  MAX_CONSTANT_BYTES,
  type Node,
  splat,
  type Tensor,
  type TensorType,
} from "@tenon/ir";
import { denseValues, splatValue } from "./constant-of.ts";

/** Constants with more elements are left to the device. */
const MAX_ELEMENTS = 64;

/**
 * An op on constants that the IR decides: on one number from each operand where that is all that the op is given, on all
 * elements of short lists otherwise.
 */
export function folded(node: Node): readonly Tensor[] | undefined {
  const { op, attrs, inputs, outputs } = node;
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

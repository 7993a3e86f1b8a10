import { accumulator, applyOp, convertTo, type DType, type Node, type Tensor } from "@tenon/ir";
import { isMove } from "../view-moves.ts";

/** Roundings that leave the factors as they are: tf32 has as many bits of fraction as float16, and more of exponent. */
const exact: Readonly<Partial<Record<DType, string>>> = { bfloat16: "bf16", float16: "tf32" };

/** A product of 16-bit floats as one of float32, of the same factors, which is rounded in the end. */
export function wideProduct({ op, inputs, attrs }: Node): Tensor {
  const { dtype } = inputs[0]!;
  const wide = accumulator(dtype);
  const operands = inputs.map((x) => convertedAtSource(x, wide));
  const [product] = applyOp(op, operands, { ...attrs, acc: wide, mul: exact[dtype]! });
  return convertTo(product!, dtype);
}

/** A tensor converted before its elements are moved: what is converted is stored, and windows would be stored with every repetition. */
function convertedAtSource(x: Tensor, dtype: DType): Tensor {
  const { node } = x;
  if (!isMove(node)) return convertTo(x, dtype);
  const sources = node.inputs.map((source) => convertedAtSource(source, dtype));
  return applyOp(node.op, sources, node.attrs)[0]!;
}

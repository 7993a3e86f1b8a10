import { type DType, dtypes, type Node } from "@tenon/ir";
import { addIndex, constantIndex, multiplyIndex, subtractIndex } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import type { AluOp, Value } from "../kernel/kernel.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { bitcastValue, convertValue, wrapped } from "./convert.ts";

type Rule = (writer: KernelWriter, operands: readonly Value[], node: Node, dtype: DType) => Value;

const INT32 = 2 ** 31;

/** The value as an index expression, where it is one. */
export function knownIndex(value: Value): Index | undefined {
  if (value.kind === "index") return value.index;
  return value.kind === "constant" && value.type === "int32" ? constantIndex(value.value) : undefined;
}

/** An op of integers, which goes on as an index expression where both operands are and nothing can wrap. */
const indexed =
  (op: AluOp, combine: (a: Index, b: Index) => Index): Rule =>
  (writer, operands, _node, dtype) => {
    if (dtype === "int32" && operands.some((v) => v.kind === "index")) {
      const [a, b] = operands.map(knownIndex);
      const index = a && b && combine(a, b);
      if (index !== undefined && index.low >= -INT32 && index.high < INT32) return writer.index(index);
    }
    return wrapped(writer, dtype, writer.alu(op, operands));
  };

/** An op of integers and floats, of which small integers need wrapping. */
const wrapping =
  (op: AluOp): Rule =>
  (writer, operands, _node, dtype) =>
    wrapped(writer, dtype, writer.alu(op, operands));

/** Shift counts are taken modulo the width; the shifts of 32 bits do that themselves. */
const shifting =
  (op: AluOp): Rule =>
  (writer, [x, count], _node, dtype) => {
    const { byteLength } = dtypes[dtype];
    const last = writer.constant(x!.type, 8 * byteLength - 1);
    const within = byteLength === 4 ? count! : writer.alu("and", [count!, last]);
    return wrapped(writer, dtype, writer.alu(op, [x!, within]));
  };

/** Scalar ops that are more, or less, than the operation of their name. */
const rules: Readonly<Record<string, Rule>> = {
  add: indexed("add", addIndex),
  sub: indexed("sub", subtractIndex),
  mul: indexed("mul", multiplyIndex),
  div: wrapping("div"),
  neg: wrapping("neg"),
  not: wrapping("not"),
  shl: shifting("shl"),
  shr: shifting("shr"),
  abs: (writer, [x], _node, dtype) => (x!.type === "uint32" ? x! : wrapped(writer, dtype, writer.alu("abs", [x!]))),
  sign: (writer, [x]) =>
    x!.type === "uint32" ? writer.alu("minimum", [x!, writer.constant("uint32", 1)]) : writer.alu("sign", [x!]),
  compare(writer, operands, { attrs }) {
    const numbers = operands.map((v) => (v.type === "bool" ? writer.alu("convert", [v], "int32") : v));
    return writer.alu(attrs.dir as AluOp, numbers, "bool");
  },
  is_finite: (writer, operands) => writer.alu("is_finite", operands, "bool"),
  convert: (writer, [x], { inputs }, dtype) => convertValue(writer, x!, inputs[0]!.dtype, dtype),
  bitcast: (writer, [x], { inputs }, dtype) => bitcastValue(writer, x!, inputs[0]!.dtype, dtype),
};

/** A scalar op on elements. 16-bit floats are float32 here, and rounded where the graph converts or stores them. */
export function scalarValue(writer: KernelWriter, node: Node, operands: readonly Value[]): Value {
  const { dtype } = node.results[0]!;
  const { name } = node.op;
  const rule = rules[name];
  if (rule !== undefined) return rule(writer, operands, node, dtype);
  return writer.alu(name as AluOp, operands);
}

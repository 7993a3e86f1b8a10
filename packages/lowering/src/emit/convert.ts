import { type DType, dtypes, integerRange } from "@tenon/ir";
import type { Value } from "../kernel/kernel.ts";
import { isFloatValue, valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";

/** The value brought into the range of an integer dtype of 8 or 16 bits by dropping the bits above; others as they are. */
export function wrapped(writer: KernelWriter, dtype: DType, value: Value): Value {
  const { kind, byteLength } = dtypes[dtype];
  if (byteLength > 2 || kind === "float" || kind === "bool") return value;
  return writer.alu(byteLength === 1 ? "wrap8" : "wrap16", [value]);
}

/** The float32 rounded to a float of 16 bits; that of other dtypes as it is. */
export function rounded(writer: KernelWriter, dtype: DType, value: Value): Value {
  if (dtype === "float16") return writer.alu("round16", [value]);
  return dtype === "bfloat16" ? writer.alu("roundb16", [value]) : value;
}

/** The value in another dtype. Floats become integers by truncation and saturate; integers wrap among themselves. */
export function convertValue(writer: KernelWriter, value: Value, from: DType, to: DType): Value {
  const type = valueTypeOf(to);
  if (from === to) return value;
  if (type === "bool" || value.type === "bool") return writer.alu("convert", [value], type);
  if (isFloatValue(type)) {
    if (value.type === type) return rounded(writer, to, value);
    if (type === "float64") return writer.alu("convert", [value], type);
    const sticky = dtypes[to].byteLength === 2 ? rare.now.oddly(writer, value) : undefined;
    return rounded(writer, to, sticky ?? writer.alu("convert", [value], type));
  }
  if (isFloatValue(value.type)) {
    const whole = writer.alu("convert", [value], type);
    return dtypes[to].byteLength > 2 ? whole : rare.now.saturated(writer, to, whole);
  }
  const [least, most] = integerRange(to);
  const [low, high] = integerRange(from);
  const bits = writer.alu("bitcast", [value], type);
  return low >= least && high <= most ? bits : wrapped(writer, to, bits);
}

/** The same bits as another dtype of the same width. */
export function bitcastValue(writer: KernelWriter, value: Value, from: DType, to: DType): Value {
  if (from === to) return value;
  const type = valueTypeOf(to);
  if (dtypes[from].byteLength !== 2) return wrapped(writer, to, writer.alu("bitcast", [value], type));
  return rare.now.shortBitcast(writer, value, from, to);
}

/** The writer's `alu` by itself. */
export const bind = (writer: KernelWriter): { readonly alu: KernelWriter["alu"] } => ({ alu: writer.alu.bind(writer) });

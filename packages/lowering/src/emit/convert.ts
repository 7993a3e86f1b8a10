import { type DType, dtypes, integerRange } from "@tenon/ir";
import type { Value } from "../kernel/kernel.ts";
import { isFloatValue, valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";

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
    const sticky = dtypes[to].byteLength === 2 ? oddly(writer, value) : undefined;
    return rounded(writer, to, sticky ?? writer.alu("convert", [value], type));
  }
  if (isFloatValue(value.type)) return saturated(writer, to, writer.alu("convert", [value], type));
  const [least, most] = integerRange(to);
  const [low, high] = integerRange(from);
  const bits = writer.alu("bitcast", [value], type);
  return low >= least && high <= most ? bits : wrapped(writer, to, bits);
}

/** An integer of 32 bits brought to the nearest one that a small dtype has. */
function saturated(writer: KernelWriter, dtype: DType, value: Value): Value {
  if (dtypes[dtype].byteLength > 2) return value;
  const [least, most] = integerRange(dtype);
  const below = writer.alu("minimum", [value, writer.constant(value.type, most)]);
  return least === 0 ? below : writer.alu("maximum", [below, writer.constant(value.type, least)]);
}

/**
 * A float64 or a 32-bit integer as a float32 that rounds to the same float of 16 bits: where float32 cannot hold it, the neighbour
 * whose last bit is odd, so that no half-way case arises that was none (Boldo & Melquiond 2008, Emulation of FMA and
 * correctly rounded sums, on rounding to odd).
 */
function oddly(writer: KernelWriter, value: Value): Value {
  const { alu } = bind(writer);
  const float = alu("convert", [value], "float32");
  if (value.type !== "float64") {
    // integers beyond 2^24: what lies in the last 8 bits only says whether there is more
    const bits = (n: number): Value => writer.constant(value.type, n);
    const low = alu("and", [value, bits(255)]);
    const more = alu("select", [alu("ne", [low, bits(0)], "bool"), bits(256), bits(0)]);
    const cut = alu("or", [alu("sub", [value, low]), more]);
    const size = alu("abs", [float]);
    const large = alu("ge", [size, writer.constant("float32", 2 ** 24)], "bool");
    return alu("select", [large, alu("convert", [cut], "float32"), float]);
  }
  const zero = writer.constant("float64", 0);
  const back = alu("convert", [float], "float64");
  const [above, below] = [alu("gt", [value, back], "bool"), alu("lt", [value, back], "bool")];
  const bits = alu("bitcast", [float], "int32");
  const one = writer.constant("int32", 1);
  const even = alu("eq", [alu("and", [bits, one]), writer.constant("int32", 0)], "bool");
  // away from zero the bits rise
  const outward = alu("select", [alu("lt", [value, zero], "bool"), below, above]);
  const step = alu("select", [outward, one, writer.constant("int32", -1)]);
  const moved = alu("and", [even, alu("or", [above, below])]);
  return alu("select", [moved, alu("bitcast", [alu("add", [bits, step])], "float32"), float]);
}

/** The writer's `alu` by itself. */
export const bind = (writer: KernelWriter): { readonly alu: KernelWriter["alu"] } => ({ alu: writer.alu.bind(writer) });

import { type DType, integerRange, isFloat } from "@tenon/ir";
import type { Value } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { bind, rounded, wrapped } from "./convert.ts";

/**
 * A float64 or a 32-bit integer as a float32 that rounds to the same float of 16 bits: where float32 cannot hold it, the neighbour
 * whose last bit is odd, so that no half-way case arises that was none (Boldo & Melquiond 2008, Emulation of FMA and
 * correctly rounded sums, on rounding to odd).
 */
export function oddly(writer: KernelWriter, value: Value): Value {
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

const INFINITY = 0x7f800000; // of float32
const SIGN = 0x8000; // of 16 bits
const EXPONENTS = 0x38000000; // by which float16's exponents are smaller, 127 − 15, in the bits of float32
const SMALLEST = 2 ** -14; // normal float16

/** The 16 bits of a float16 or bfloat16, as uint32. */
function bitsOf(writer: KernelWriter, dtype: DType, value: Value): Value {
  const { alu } = bind(writer);
  const number = (n: number): Value => writer.constant("uint32", n);
  const nearest = rounded(writer, dtype, value);
  const bits = alu("bitcast", [nearest], "uint32");
  const high = alu("shr", [bits, number(16)]);
  if (dtype === "bfloat16") return high;
  const size = alu("and", [bits, number(0x7fffffff)]);
  const normal = alu("shr", [alu("sub", [size, number(EXPONENTS)]), number(13)]);
  const units = alu("mul", [alu("abs", [nearest]), writer.constant("float32", 2 ** 24)]);
  const small = alu("lt", [alu("abs", [nearest]), writer.constant("float32", SMALLEST)], "bool");
  const finite = alu("select", [small, alu("convert", [units], "uint32"), normal]);
  const special = alu("select", [alu("gt", [size, number(INFINITY)], "bool"), number(0x7e00), number(0x7c00)]);
  const magnitude = alu("select", [alu("ge", [size, number(INFINITY)], "bool"), special, finite]);
  return alu("or", [magnitude, alu("and", [high, number(SIGN)])]);
}

/** The float32 of the 16 bits, in a uint32, of a float16 or bfloat16. */
function floatOf(writer: KernelWriter, dtype: DType, bits: Value): Value {
  const { alu } = bind(writer);
  const number = (n: number): Value => writer.constant("uint32", n);
  const float = (v: Value): Value => alu("bitcast", [v], "float32");
  if (dtype === "bfloat16") return float(alu("shl", [bits, number(16)]));
  const sign = alu("shl", [alu("and", [bits, number(SIGN)]), number(16)]);
  const size = alu("and", [bits, number(SIGN - 1)]);
  const wide = alu("shl", [size, number(13)]);
  const small = alu("mul", [alu("convert", [size], "float32"), writer.constant("float32", 2 ** -24)]);
  const normal = alu("add", [wide, number(EXPONENTS)]);
  const finite = alu("select", [alu("lt", [size, number(0x400)], "bool"), alu("bitcast", [small], "uint32"), normal]);
  const special = alu("or", [wide, number(INFINITY)]);
  return float(alu("or", [sign, alu("select", [alu("ge", [size, number(0x7c00)], "bool"), special, finite])]));
}

/** The same 16 bits as another dtype. */
export function shortBitcast(writer: KernelWriter, value: Value, from: DType, to: DType): Value {
  const bits = isFloat(from) ? bitsOf(writer, from, value) : writer.alu("bitcast", [value], "uint32");
  if (isFloat(to)) return floatOf(writer, to, bits);
  return wrapped(writer, to, writer.alu("bitcast", [bits], valueTypeOf(to)));
}

/** An integer of 32 bits brought to the nearest one that a small dtype has. */
export function saturated(writer: KernelWriter, dtype: DType, value: Value): Value {
  const [least, most] = integerRange(dtype);
  const below = writer.alu("minimum", [value, writer.constant(value.type, most)]);
  return least === 0 ? below : writer.alu("maximum", [below, writer.constant(value.type, least)]);
}

import type { AluOp, ValueType } from "@tenon/lowering";

/** Operations that most programs do without, on operands of type `from`. */
export function rareAlu(op: AluOp, a: string, b: string, from: ValueType): string {
  switch (op) {
    case "sign":
      return from === "uint32" ? `min(${a}, 1u)` : `sign(${a})`;
    case "xor":
      return from === "bool" ? `(${a} != ${b})` : `(${a} ^ ${b})`;
    case "not":
      return from === "bool" ? `(!${a})` : `(~${a})`;
    case "rem":
      return from === "float32" ? `tenon_rem(${a}, ${b})` : `(${a} % ${b})`;
    case "shl":
    case "shr":
      return `(${a} ${op === "shl" ? "<<" : ">>"} (bitcast<u32>(${b}) & 31u))`;
    case "rsqrt":
      return `(1.0f / sqrt(${a}))`;
    case "is_finite":
      return `((bitcast<u32>(${a}) & 0x7f800000u) != 0x7f800000u)`;
    case "round16":
    case "roundb16":
      return `tenon_${op}(${a})`;
    case "wrap8":
    case "wrap16":
      return wrap(op === "wrap8" ? 8 : 16, from, a);
    default:
      return `${op}(${a})`; // abs, floor, ceil and round, which are exact in WGSL
  }
}

/** The low bits, with copies of their highest one above them for int32, zeros for uint32. */
const wrap = (bits: number, type: ValueType, x: string): string =>
  type === "uint32" ? `(${x} & ${2 ** bits - 1}u)` : `((${x} << ${32 - bits}u) >> ${32 - bits}u)`;

import type { ValueType } from "@tenon/lowering";

/** A float32 number; what WGSL has no literal for is made of its bits. */
export function floatConstant(value: number): string {
  const x = Math.fround(value);
  const ordinary = Number.isFinite(x) && !Object.is(x, -0) && (x === 0 || Math.abs(x) >= 2 ** -126);
  if (ordinary) return `${x < 0 ? "(" : ""}${x}${/[.e]/.test(String(x)) ? "" : ".0"}f${x < 0 ? ")" : ""}`;
  const [bits] = new Uint32Array(new Float32Array([x]).buffer);
  return `tenon_float(0x${bits!.toString(16)}u)`;
}

export function constant(type: ValueType, value: number): string {
  switch (type) {
    case "bool":
      return String(value !== 0);
    case "int32":
      return integerConstant(value);
    case "uint32":
      return `${value >>> 0}u`;
    default:
      return floatConstant(value);
  }
}

/** An i32; the lowest one has no literal. */
export function integerConstant(value: number): string {
  const n = value | 0;
  if (n === -(2 ** 31)) return "(-2147483647 - 1)";
  return n < 0 ? `(${n})` : String(n);
}

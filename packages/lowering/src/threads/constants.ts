import type { ValueType } from "../kernel/kernel.ts";

/** An int32; the lowest one has no literal. */
export function integerConstant(value: number): string {
  const n = value | 0;
  if (n === -(2 ** 31)) return "(-2147483647 - 1)";
  return n < 0 ? `(${n})` : String(n);
}

/** How a language with C's integers writes constants, given how it writes those of floats. */
export const constantsWith =
  (float: (value: number, type: ValueType) => string) =>
  (type: ValueType, value: number): string => {
    switch (type) {
      case "bool":
        return String(value !== 0);
      case "int32":
        return integerConstant(value);
      case "uint32":
        return `${value >>> 0}u`;
      default:
        return float(value, type);
    }
  };

import { constantsWith } from "@tenon/lowering/threads";

/** A float32 number as C writes it. Hexadecimal bits stand for what has no literal. */
export function floatConstant(value: number): string {
  const x = Math.fround(value);
  if (!Number.isFinite(x)) return `tenon_float(0x${bitsOf(x).toString(16)}u)`;
  const text = Object.is(x, -0) ? "-0" : String(x);
  return bracketed(`${/[.e]/.test(text) ? text : `${text}.0`}f`);
}

function doubleConstant(value: number): string {
  if (Number.isNaN(value)) return "tenon_double(0x7ff8000000000000ull)";
  if (!Number.isFinite(value)) return `tenon_double(0x${value > 0 ? "7" : "f"}ff0000000000000ull)`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return bracketed(/[.e]/.test(text) ? text : `${text}.0`);
}

const bitsOf = (x: number): number => new Uint32Array(new Float32Array([x]).buffer)[0]!;
const bracketed = (text: string): string => (text.startsWith("-") ? `(${text})` : text);

export const constant = constantsWith((value, type) =>
  type === "float64" ? doubleConstant(value) : floatConstant(value),
);

import { constantsWith } from "@tenon/lowering/threads";

/** A float32 number; what WGSL has no literal for is made of its bits. */
export function floatConstant(value: number): string {
  const x = Math.fround(value);
  const ordinary = Number.isFinite(x) && !Object.is(x, -0) && (x === 0 || Math.abs(x) >= 2 ** -126);
  if (ordinary) return `${x < 0 ? "(" : ""}${x}${/[.e]/.test(String(x)) ? "" : ".0"}f${x < 0 ? ")" : ""}`;
  const [bits] = new Uint32Array(new Float32Array([x]).buffer);
  return `tenon_float(0x${bits!.toString(16)}u)`;
}

export const constant = constantsWith(floatConstant);

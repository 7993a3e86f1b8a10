import type { Precision } from "@tenon/ir";
import type { Value } from "../kernel/kernel.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { bind } from "./convert.ts";

const DROPPED = 13; // bits of float32's fraction that tf32 lacks

/** A float32 factor of a product as its `mul` has it, to the nearest and ties to even. */
export function roundedFactor(writer: KernelWriter, value: Value, mul: Precision): Value {
  const { alu } = bind(writer);
  if (mul === "bf16") return alu("roundb16", [value]);
  const number = (n: number): Value => writer.constant("int32", n);
  const bits = alu("bitcast", [value], "int32");
  const last = alu("and", [alu("shr", [bits, number(DROPPED)]), number(1)]);
  const half = alu("add", [last, number(2 ** (DROPPED - 1) - 1)]);
  const kept = alu("and", [alu("add", [bits, half]), number(-(2 ** DROPPED))]);
  // bits of NaN might overflow
  return alu("select", [alu("eq", [value, value], "bool"), alu("bitcast", [kept], "float32"), value]);
}

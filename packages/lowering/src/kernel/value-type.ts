import type { DType } from "@tenon/ir";
import { rare } from "../parts.ts";
import type { ValueType } from "./kernel.ts";

const valueTypes: Readonly<Partial<Record<DType, ValueType>>> = {
  bool: "bool",
  int8: "int32",
  int16: "int32",
  int32: "int32",
  uint8: "uint32",
  uint16: "uint32",
  uint32: "uint32",
  float16: "float32",
  bfloat16: "float32",
  float32: "float32",
  float64: "float64",
};

/** The type in which kernels compute with elements of a dtype. */
export function valueTypeOf(dtype: DType): ValueType {
  const type = valueTypes[dtype];
  if (type !== undefined) return type;
  throw rare.now.failures.dtype(dtype);
}

export const isFloatValue = (type: ValueType): boolean => type === "float32" || type === "float64";

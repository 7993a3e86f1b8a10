import { type DType, StateError } from "@tenon/ir";

const elements: Readonly<Partial<Record<DType, string>>> = {
  bool: "unsigned char",
  int8: "signed char",
  uint8: "unsigned char",
  int16: "short",
  uint16: "unsigned short",
  int32: "int",
  uint32: "unsigned",
  float16: "unsigned short",
  bfloat16: "unsigned short",
  float32: "float",
  float64: "double",
};

/** The type in which elements lie in memory. */
export function elementOf(dtype: DType): string {
  const element = elements[dtype];
  if (element === undefined) throw new StateError("E419", "cuda-native", `${dtype} has come through`);
  return element;
}

/** What a kernel computes with, of an element. */
export function loaded(dtype: DType, element: string): string {
  switch (dtype) {
    case "bool":
      return `(${element} != 0)`;
    case "int8":
    case "int16":
      return `(int)${element}`;
    case "uint8":
    case "uint16":
      return `(unsigned)${element}`;
    case "float16":
      return `tenon_from_half(${element})`;
    case "bfloat16":
      return `tenon_from_brain(${element})`;
    default:
      return element;
  }
}

/** The element that a value becomes. */
export function stored(dtype: DType, value: string): string {
  if (dtype === "float16") return `tenon_to_half(${value})`;
  if (dtype === "bfloat16") return `tenon_to_brain(${value})`;
  return `(${elementOf(dtype)})(${value})`;
}

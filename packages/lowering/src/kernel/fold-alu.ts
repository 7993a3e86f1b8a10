import type { AluOp, Value, ValueType } from "./kernel.ts";

type Constant = (type: ValueType, value: number) => Value;

/**
 * What an operation comes to where masks and index expressions have turned out constant; undefined where it must be
 * computed. Arithmetic on constants of the graph was folded before.
 */
export function foldAlu(op: AluOp, operands: readonly Value[], type: ValueType, constant: Constant): Value | undefined {
  const [a, b, c] = operands as readonly [Value, Value, Value];
  switch (op) {
    case "select":
      if (b === c) return b;
      return a.kind === "constant" ? (a.value !== 0 ? b : c) : undefined;
    case "and":
      return type === "bool" ? junction(a, b, 0) : undefined;
    case "or":
      return type === "bool" ? junction(a, b, 1) : undefined;
    case "not":
      return type === "bool" && a.kind === "constant" ? constant("bool", 1 - a.value) : undefined;
    case "convert":
      if (a.type === type) return a;
      return a.kind === "constant" && (a.type === "bool" || (a.type === "int32" && a.value >= 0))
        ? constant(type, a.value)
        : undefined;
    case "bitcast":
      return a.type === type ? a : undefined;
    case "maximum":
    case "minimum":
      if (a.kind !== "constant" || b.kind !== "constant" || type !== "int32") return undefined;
      return constant(type, op === "maximum" ? Math.max(a.value, b.value) : Math.min(a.value, b.value));
    default:
      return undefined;
  }
}

/** `and` and `or` of bools, of which `decisive` decides alone. */
function junction(a: Value, b: Value, decisive: number): Value | undefined {
  if (a === b) return a;
  if (a.kind === "constant") return a.value === decisive ? a : b;
  if (b.kind === "constant") return b.value === decisive ? b : a;
  return undefined;
}

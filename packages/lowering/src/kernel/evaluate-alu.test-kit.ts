import { convertNumber, decodeElements, encodeElements, lookupOp, roundToDType } from "@tenon/ir";
import {
  type AluOp,
  type AluValue,
  compareOps,
  elementaryOps,
  type Register,
  type Value,
  type ValueType,
} from "./kernel.ts";
import { isFloatValue } from "./value-type.ts";

type Meaning = (...operands: readonly number[]) => number;

const comparisons: Readonly<Partial<Record<AluOp, Meaning>>> = {
  eq: (x, y) => Number(x === y),
  ne: (x, y) => Number(x !== y),
  lt: (x, y) => Number(x! < y!),
  le: (x, y) => Number(x! <= y!),
  gt: (x, y) => Number(x! > y!),
  ge: (x, y) => Number(x! >= y!),
};

/** What an operation computes, rounded or wrapped to the type of its result. Types that do not fit are an error. */
export function meaningOf({ op, operands, type }: AluValue): Meaning {
  const problem = typeProblem(op, operands, type);
  if (problem !== undefined)
    throw new Error(`${op} of ${operands.map((v) => v.type).join(", ")} gives ${type}: ${problem}`);
  const meaning = unrounded(op, operands[0]!.type, type);
  return (...xs) => roundToDType(type, meaning(...xs));
}

function unrounded(op: AluOp, from: ValueType, type: ValueType): Meaning {
  const comparison = comparisons[op];
  if (comparison !== undefined) return comparison;
  switch (op) {
    case "select":
      return (p, x, y) => (p !== 0 ? x! : y!);
    case "convert":
      return isFloatValue(from) ? (x) => convertNumber(type, x!) : (x) => x!;
    case "bitcast":
      return (x) => decodeElements(type, encodeElements(from, [x!]))[0]!;
    case "round16":
      return (x) => roundToDType("float16", x!);
    case "roundb16":
      return (x) => roundToDType("bfloat16", x!);
    case "wrap8":
      return (x) => roundToDType(type === "int32" ? "int8" : "uint8", x!);
    case "wrap16":
      return (x) => roundToDType(type === "int32" ? "int16" : "uint16", x!);
    case "shl":
      return (x, y) => x! << y!;
    case "shr":
      return type === "int32" ? (x, y) => x! >> y! : (x, y) => x! >>> y!;
    default: {
      const { evaluate, integers } = lookupOp(op)!;
      return (type === "int32" || type === "uint32" ? (integers ?? evaluate) : evaluate) as Meaning;
    }
  }
}

/** Why an operation cannot take these operands, or undefined. */
function typeProblem(op: AluOp, operands: readonly Value[], type: ValueType): string | undefined {
  const [a, b, c] = operands.map((v) => v.type);
  const whole = type === "int32" || type === "uint32";
  const count = op === "select" ? 3 : arity(op);
  if (operands.length !== count) return `it takes ${count} operands`;
  if (op === "select")
    return a === "bool" && b === c && c === type ? undefined : "a bool and two of the result's type are wanted";
  if (comparisons[op] !== undefined) return a === b && type === "bool" ? undefined : "two of one type give a bool";
  if (op === "convert") return undefined;
  if (op === "bitcast")
    return [a, type].every((t) => t === "float32" || t === "int32" || t === "uint32") ? undefined : "it is for 32 bits";
  if (op === "is_finite") return isFloatValue(a!) && type === "bool" ? undefined : "a float gives a bool";
  if (operands.some((v) => v.type !== type)) return "all have one type";
  if (op === "round16" || op === "roundb16") return type === "float32" ? undefined : "it is for float32";
  if (op === "wrap8" || op === "wrap16" || op === "shl" || op === "shr")
    return whole ? undefined : "it is for integers";
  if (op === "and" || op === "or" || op === "xor" || op === "not")
    return isFloatValue(type) ? "it is not for floats" : undefined;
  if (type === "bool") return "it is not for bool";
  const float = elementaryOps.some((name) => name === op) || /floor|ceil|round|sqrt|pow/.test(op);
  return float && !isFloatValue(type) ? "it is for floats" : undefined;
}

const arity = (op: AluOp): number => {
  if (compareOps.some((name) => name === op)) return 2;
  return lookupOp(op)?.inputs.length ?? 1;
};

/** How a register takes another value in. */
export function combinationOf({ combine, type }: Register): Meaning {
  const meaning = unrounded(combine, type, type);
  return (x, y) => roundToDType(type, meaning(x!, y!));
}

/** What a register holds before anything is combined. */
export function identityOf({ combine, type }: Pick<Register, "combine" | "type">): number {
  if (combine === "add" || combine === "or") return 0;
  if (combine === "mul") return 1;
  if (combine === "and") return type === "bool" ? 1 : roundToDType(type, -1);
  const [least, greatest] = {
    float32: [-Infinity, Infinity],
    float64: [-Infinity, Infinity],
    int32: [-(2 ** 31), 2 ** 31 - 1],
    uint32: [0, 2 ** 32 - 1],
    bool: [0, 1],
  }[type] as [number, number];
  return combine === "maximum" ? least : greatest;
}

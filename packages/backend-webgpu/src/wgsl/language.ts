import { type AluOp, type Combine, elementaryOps, type Slot, type ValueType } from "@tenon/lowering";
import { integerConstant, type Language } from "@tenon/lowering/threads";
import { rare } from "../parts.ts";
import { constant } from "./constant.ts";

const types: Readonly<Record<ValueType, string>> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

const operators: Readonly<Partial<Record<AluOp, string>>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  eq: "==",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "&",
  or: "|",
};

const polynomials = new Set<AluOp>([...elementaryOps, "pow"]);

function alu(op: AluOp, operands: readonly string[], from: ValueType, to: ValueType): string {
  const [a, b, c] = operands as readonly [string, string, string];
  const float = from === "float32";
  if (polynomials.has(op)) return `tenon_${op}(${operands.join(", ")})`;
  // what is divided by 0 may be anything, but the compiler refuses to see it
  if (!float && (op === "div" || op === "rem") && /^0u?$/.test(b)) return a;
  const operator = operators[op];
  if (from === "bool" && (op === "lt" || op === "le" || op === "gt" || op === "ge"))
    return `(u32(${a}) ${operator} u32(${b}))`;
  if (operator !== undefined) return `(${a} ${operator} ${b})`;
  switch (op) {
    case "ne":
      return float ? `(!(${a} == ${b}))` : `(${a} != ${b})`;
    case "neg":
      return from === "uint32" ? `(0u - ${a})` : `(-${a})`;
    case "maximum":
    case "minimum":
      return extreme(op, from, a, b);
    case "sqrt":
      return `sqrt(${a})`;
    case "select":
      return `select(${c}, ${b}, ${a})`;
    case "bitcast":
      return `bitcast<${types[to]}>(${a})`;
    case "convert":
      return convert(from, to, a);
    default:
      return rare.now.rareAlu(op, a, b, from);
  }
}

function extreme(op: "maximum" | "minimum", type: ValueType, a: string, b: string): string {
  const name = op === "maximum" ? "max" : "min";
  if (type === "bool") return `(${a} ${name === "max" ? "|" : "&"} ${b})`;
  return `${type === "float32" ? "tenon_" : ""}${name}(${a}, ${b})`;
}

function convert(from: ValueType, to: ValueType, x: string): string {
  if (from === to) return x;
  if (to === "bool") return from === "float32" ? `(!(${x} == 0.0f))` : `(${x} != ${constant(from, 0)})`;
  return `${from === "float32" ? "tenon_" : ""}${types[to]}(${x})`;
}

function identity(combine: Combine, type: ValueType): string {
  if (combine === "add" || combine === "or") return constant(type, 0);
  if (combine === "mul") return constant(type, 1);
  if (combine === "and") return constant(type, -1);
  const least = { float32: Number.NEGATIVE_INFINITY, int32: -(2 ** 31), uint32: 0, bool: 0 };
  const greatest = { float32: Number.POSITIVE_INFINITY, int32: 2 ** 31 - 1, uint32: 2 ** 32 - 1, bool: 1 };
  return constant(type, (combine === "maximum" ? least : greatest)[type as keyof typeof least]);
}

const infix =
  (operator: string) =>
  (a: string, b: string): string =>
    `(${a} ${operator} ${b})`;

/** Division of what may be negative: towards the smaller number. */
const floorDiv = (a: string, b: string): string => `((${a} - ((${a} % ${b} + ${b}) % ${b})) / ${b})`;

/** WGSL, with functions of its own for what WGSL leaves open. */
export const wgsl: Language = {
  index: {
    constant: integerConstant,
    add: infix("+"),
    subtract: infix("-"),
    multiply: infix("*"),
    floorDiv: (a, b, dividend) => (dividend.low >= 0 ? `(${a} / ${b})` : floorDiv(a, b)),
    mod: (a, b, dividend) => (dividend.low >= 0 ? `(${a} % ${b})` : `((${a} % ${b} + ${b}) % ${b})`),
    min: (a, b) => `min(${a}, ${b})`,
    max: (a, b) => `max(${a}, ${b})`,
    select: (condition, a, b) => `select(${b}, ${a}, ${condition})`,
    boolean: String,
    less: infix("<"),
    equal: infix("=="),
    notEqual: infix("!="),
    and: infix("&"),
    or: infix("|"),
  },
  type: (type) => types[type],
  constant,
  alu,
  multiplyAdd: (a, b, c) => `fma(${a}, ${b}, ${c})`,
  combine: (combine, type, a, b) => alu(combine, [a, b], type, type),
  identity,
  load: (slot, address) => `load${slot}(${address})`,
  store: (slot, address, value) => `store${slot}(${address}, ${value});`,
  let: (name, type, value) => `let ${name}: ${types[type]} = ${value};`,
  variable: (name, type, value) => `var ${name}: ${types[type]} = ${value};`,
  array: (name, type, count) => `var ${name}: array<${types[type]}, ${count}>;`,
  loop: (name, from, below, step) => `for (var ${name}: i32 = ${from}; ${name} < ${below}; ${name} += ${step})`,
  shared: (name, type, count) => `var<workgroup> ${name}: array<${types[type]}, ${count}>;`,
  barrier: "workgroupBarrier();",
  group: "i32(group)",
  thread: "i32(thread)",
};

/** The same for the slots of a kernel: what is stored as a 16-bit float is rounded to one. */
export const wgslFor = (slots: readonly Pick<Slot, "dtype">[]): Language => ({
  ...wgsl,
  store(slot, address, value) {
    const { dtype } = slots[slot]!;
    const round = dtype === "float16" ? "tenon_round16" : dtype === "bfloat16" ? "tenon_roundb16" : "";
    return wgsl.store(slot, address, round === "" ? value : `${round}(${value})`);
  },
});

import type { DType } from "@tenon/ir";
import { type AluOp, type Combine, elementaryOps, type Slot, type ValueType } from "@tenon/lowering";
import { integerConstant, joinLanes, type Language, wideCode } from "@tenon/lowering/threads";
import { constant } from "./constant.ts";
import { elementOf, loaded, stored } from "./element.ts";

export const types: Readonly<Record<ValueType, string>> = {
  float32: "float",
  float64: "double",
  int32: "int",
  uint32: "unsigned",
  bool: "bool",
};

const compares: Readonly<Partial<Record<AluOp, string>>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };
const operators: Readonly<Partial<Record<AluOp, string>>> = {
  add: "+",
  sub: "-",
  mul: "*",
  and: "&",
  or: "|",
  xor: "^",
};

/** Functions of C that are exact; those of float32 end in f. */
const exact: Readonly<Partial<Record<AluOp, string>>> = {
  abs: "fabs",
  floor: "floor",
  ceil: "ceil",
  round: "rint",
  sqrt: "sqrt",
  rem: "fmod",
};

const elementary = new Set<AluOp>([...elementaryOps, "pow"]);

const isFloat = (type: ValueType): boolean => type === "float32" || type === "float64";

function alu(op: AluOp, operands: readonly string[], from: ValueType, to: ValueType): string {
  const [a, b, c] = operands as readonly [string, string, string];
  const compare = compares[op];
  if (compare !== undefined) return `(${a} ${compare} ${b})`;
  switch (op) {
    case "select":
      return `(${a} ? ${b} : ${c})`;
    case "convert":
      return convert(from, to, a);
    case "bitcast":
      return bitcast(from, to, a);
    case "maximum":
    case "minimum":
      return extreme(op === "maximum" ? "max" : "min", from, a, b);
  }
  if (isFloat(from)) return floatOp(op, operands, from);
  return from === "bool" ? boolOp(op, a, b) : integerOp(op, a, b, from);
}

function floatOp(op: AluOp, operands: readonly string[], type: ValueType): string {
  const [a, b] = operands as readonly [string, string];
  const suffix = type === "float32" ? "f" : "";
  if (elementary.has(op)) return `tenon_${op}${suffix}(${operands.join(", ")})`;
  if (exact[op] !== undefined) return `${exact[op]}${suffix}(${operands.join(", ")})`;
  switch (op) {
    case "div":
      return `(${a} / ${b})`;
    case "neg":
      return `(-${a})`;
    case "sign":
      return `(${a} > 0 ? ${constant(type, 1)} : ${a} < 0 ? ${constant(type, -1)} : ${a})`;
    case "rsqrt":
      return `(${constant(type, 1)} / sqrt${suffix}(${a}))`;
    case "is_finite":
      return `(${a} - ${a} == 0)`;
    case "round16":
      return `tenon_from_half(tenon_to_half(${a}))`;
    case "roundb16":
      return `tenon_from_brain(tenon_to_brain(${a}))`;
    default:
      return `(${a} ${operators[op]} ${b})`;
  }
}

function boolOp(op: AluOp, a: string, b: string): string {
  if (op === "not") return `(!${a})`;
  return op === "xor" ? `(${a} != ${b})` : `(${a} ${op === "and" ? "&&" : "||"} ${b})`;
}

/** Integers wrap, which C grants the unsigned ones only. */
function integerOp(op: AluOp, a: string, b: string, type: ValueType): string {
  const signed = type === "int32";
  const u = (x: string): string => (signed ? `(unsigned)${x}` : x);
  const back = (x: string): string => (signed ? `((int)(${x}))` : `(${x})`);
  switch (op) {
    case "div":
    case "rem":
      return `tenon_${op}_${signed ? "int" : "unsigned"}(${a}, ${b})`;
    case "neg":
      return back(`0u - ${u(a)}`);
    case "abs":
      return signed ? `(${a} < 0 ? ${back(`0u - ${u(a)}`)} : ${a})` : a;
    case "sign":
      return signed ? `((${a} > 0) - (${a} < 0))` : `(${a} != 0u ? 1u : 0u)`;
    case "not":
      return `(~${a})`;
    case "shl":
      return back(`${u(a)} << (${b} & 31)`);
    case "shr":
      return `(${a} >> (${b} & 31))`;
    case "wrap8":
      return signed ? `((int)(signed char)${a})` : `(${a} & 255u)`;
    case "wrap16":
      return signed ? `((int)(short)${a})` : `(${a} & 65535u)`;
    default:
      return back(`${u(a)} ${operators[op]} ${u(b)}`);
  }
}

function extreme(name: "max" | "min", type: ValueType, a: string, b: string): string {
  if (isFloat(type)) return `tenon_${name}${type === "float32" ? "f" : ""}(${a}, ${b})`;
  if (type === "bool") return `(${a} ${name === "max" ? "||" : "&&"} ${b})`;
  return `(${a} ${name === "max" ? ">" : "<"} ${b} ? ${a} : ${b})`;
}

function convert(from: ValueType, to: ValueType, x: string): string {
  if (from === to) return x;
  if (to === "bool") return `(${x} != ${constant(from, 0)})`;
  if (isFloat(from) && !isFloat(to)) return `tenon_to_${types[to]}(${x})`;
  return `((${types[to]})${x})`;
}

function bitcast(from: ValueType, to: ValueType, x: string): string {
  if (from === to) return x;
  if (to === "float32") return `tenon_float((unsigned)${x})`;
  return from === "float32" ? `((${types[to]})tenon_bits(${x}))` : `((${types[to]})${x})`;
}

function identity(combine: Combine, type: ValueType): string {
  if (combine === "add" || combine === "or") return constant(type, 0);
  if (combine === "mul") return constant(type, 1);
  if (combine === "and") return constant(type, -1);
  const infinity = Number.POSITIVE_INFINITY;
  const range = {
    float32: [-infinity, infinity],
    float64: [-infinity, infinity],
    int32: [-(2 ** 31), 2 ** 31 - 1],
    uint32: [0, 2 ** 32 - 1],
    bool: [0, 1],
  } as const;
  return constant(type, range[type][combine === "maximum" ? 0 : 1]);
}

/** Elements of 4 bytes, four of which are the most that a thread can move at once. */
const wide: ReadonlySet<DType> = new Set(["float32", "int32", "uint32"]);

/** Threads of a warp, on every device so far. */
const WARP = 32;

const infix =
  (operator: string) =>
  (a: string, b: string): string =>
    `(${a} ${operator} ${b})`;

/** CUDA C, of which a processor's compiler understands all but what `emulation.h` adds. */
export const cudaFor = (slots: readonly Pick<Slot, "dtype">[]): Language => ({
  index: {
    constant: integerConstant,
    add: infix("+"),
    subtract: infix("-"),
    multiply: infix("*"),
    floorDiv: (a, b, dividend) => (dividend.low >= 0 ? `(${a} / ${b})` : `tenon_floor_div(${a}, ${b})`),
    mod: (a, b, dividend) => (dividend.low >= 0 ? `(${a} % ${b})` : `((${a} % ${b} + ${b}) % ${b})`),
    min: (a, b) => `min(${a}, ${b})`,
    max: (a, b) => `max(${a}, ${b})`,
    select: (condition, a, b) => `(${condition} ? ${a} : ${b})`,
    boolean: String,
    less: infix("<"),
    equal: infix("=="),
    notEqual: infix("!="),
    and: infix("&&"),
    or: infix("||"),
  },
  type: (type) => types[type],
  constant,
  alu,
  multiplyAdd: (a, b, c) => `fmaf(${a}, ${b}, ${c})`,
  combine: (combine, type, a, b) => alu(combine, [a, b], type, type),
  identity,
  load: (slot, address) => loaded(slots[slot]!.dtype, `s${slot}[${address}]`),
  store: (slot, address, value) => `s${slot}[${address}] = ${stored(slots[slot]!.dtype, value)};`,
  let: (name, type, value) => `const ${types[type]} ${name} = ${value};`,
  variable: (name, type, value) => `${types[type]} ${name} = ${value};`,
  array: (name, type, count) => `${types[type]} ${name}[${count}];`,
  loop: (name, from, below, step) => `for (int ${name} = ${from}; ${name} < ${below}; ${name} += ${step})`,
  shared: (name, type, count) => `TENON_SHARED(${elementOf(type)}, ${name}, ${count});`,
  barrier: "__syncthreads();",
  vectors: {
    count: 4,
    has: (slot) => wide.has(slots[slot]!.dtype),
    load: (slot, address, array) => `tenon_read_four(${array}, s${slot}, ${address});`,
    store: (slot, address, array) => `tenon_write_four(s${slot}, ${address}, ${array});`,
    wide: wideCode,
  },
  lanes: {
    count: WARP,
    across: (value, _, bit) => `__shfl_xor_sync(0xffffffffu, ${value}, ${bit})`,
    join: joinLanes,
  },
  group: "group",
  thread: "thread",
});

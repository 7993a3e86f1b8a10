import { type AluOp, type Combine, type ElementaryName, elementary, type ValueType } from "@tenon/lowering";
import { rare } from "../needs.ts";
import { constantOf, isVector, type Lanes, scalarOf } from "./arithmetic.ts";
import type { MathFunctions } from "./math.ts";
import type { Instruction, Node } from "./tape.ts";

/** What operations are rendered with. */
export interface Units {
  readonly lanes: Lanes;
  readonly math: MathFunctions;
}

type Render = (units: Units, operands: readonly [Node, Node, Node], from: ValueType, to: ValueType) => Node;

const isFloat = (type: ValueType): boolean => type === "float32" || type === "float64";

/** What an operation gives for operands of type `from`. */
export function renderAlu(units: Units, op: AluOp, operands: readonly Node[], from: ValueType, to: ValueType): Node {
  return renders[op](units, operands as readonly [Node, Node, Node], from, to);
}

/** Registers begin with the value that changes nothing. */
export function identityOf(combine: Combine, type: ValueType): number {
  if (combine === "add" || combine === "or") return 0;
  if (combine === "mul") return 1;
  if (combine === "and") return type === "bool" ? 1 : -1;
  const [least, greatest] = isFloat(type) ? [-Infinity, Infinity] : type === "uint32" ? [0, -1] : [1 << 31, ~(1 << 31)];
  return combine === "maximum" ? least : greatest;
}

/** The instruction of one name for floats and integers alike. */
const plain =
  (name: string): Render =>
  ({ lanes }, operands, from) =>
    lanes.apply(name, from, ...operands);

const bitwise =
  (name: "and" | "or" | "xor"): Render =>
  ({ lanes }, [a, b], from) =>
    lanes.bits(name, a, b, from);

/** Floats compare as they are; bools as unsigned numbers, since all bits of a true lane are set. */
const compare =
  (name: string): Render =>
  ({ lanes }, [a, b], from) => {
    if (isFloat(from) || name === "eq" || name === "ne") return lanes.apply(name, from, a, b);
    return lanes.apply(`${name}_${from === "int32" ? "s" : "u"}`, from, a, b);
  };

/** Instructions on floats alone; integers are left as they are. */
const float =
  (name: string): Render =>
  ({ lanes }, [x], from) =>
    isFloat(from) ? lanes.apply(name, from, x) : x;

/** A function of float32 by polynomials on vectors, of float64 by JavaScript's. */
const function_ =
  (name: ElementaryName): Render =>
  ({ lanes, math }, operands, from) => {
    if (from === "float64") return lanes.tape.call(math[name], operands);
    const [x, ...more] = operands.map((value) => lanes.splat(value, from));
    const y = elementary(name)(lanes.polynomials, x!, ...more);
    return operands.some(isVector) ? y : lanes.extract(y, from, 0);
  };

const larger = extreme("max");
const smaller = extreme("min");

/**
 * The larger or smaller of two; NaN if one is. The instruction for lanes is a dozen of the processor's, one that compares is a
 * single one: with a number on the right it differs only for zeros of both signs, of which `+ 0` makes the right one.
 */
function extreme(kind: "max" | "min"): Render {
  return ({ lanes }, [a, b], from) => {
    if (!isFloat(from)) return lanes.choose(kind, a, b, from !== "int32");
    if (!isVector(a) && !isVector(b)) return lanes.apply(kind, from, a, b);
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const limit = y.op === "f32.const" ? (y.immediates[0] as number) : Number.NaN;
      if (Number.isNaN(limit) || (kind === "min" && Object.is(limit, -0))) continue;
      const result = lanes.apply(`p${kind}`, from, x, y);
      return kind === "max" && Object.is(limit, 0) ? lanes.apply("add", from, result, y) : result;
    }
    return lanes.apply(kind, from, a, b);
  };
}

/** Division that truncates, guarded against what traps: 0, and −1 for the lowest number. */
const divide: Render = ({ lanes }, [a, b], from) => {
  if (isFloat(from)) return lanes.apply("div", from, a, b);
  return lanes.each(from, pair(a, b, from), (x, y) => {
    if (from === "uint32") return lanes.tape.pure("i32.div_u", [x!, orOne(lanes, y!)]);
    const known = constantOf(y!);
    if (known !== undefined && known !== 0 && known !== -1) return lanes.tape.pure("i32.div_s", [x!, y!]);
    const special = lanes.apply("lt_u", "int32", lanes.integer("add", y!, lanes.i32(1)), lanes.i32(2));
    const quotient = lanes.tape.pure("i32.div_s", [x!, lanes.select(special, lanes.i32(1), y!, "int32")]);
    return lanes.select(special, lanes.integer("mul", x!, y!), quotient, "int32");
  });
};

const remainder: Render = (units, [a, b], from) => {
  const { lanes, math } = units;
  const { tape } = lanes;
  return lanes.each(from, pair(a, b, from), (x, y) => {
    if (from === "float64") return tape.call(math.rem, [x!, y!]);
    if (from !== "float32") return tape.pure(from === "uint32" ? "i32.rem_u" : "i32.rem_s", [x!, orOne(lanes, y!)]);
    const wide = [x!, y!].map((z) => tape.pure("f64.promote_f32", [z]));
    return tape.pure("f32.demote_f64", [tape.call(math.rem, wide)]);
  });
};

const pair = (a: Node, b: Node, type: ValueType) =>
  [
    [a, type],
    [b, type],
  ] as const;

/** A divisor, with 1 in place of 0. */
const orOne = (lanes: Lanes, x: Node): Node =>
  constantOf(x) === undefined ? lanes.integer("or", x, lanes.tape.pure("i32.eqz", [x])) : lanes.i32(constantOf(x) || 1);

/** Counts are taken modulo 32, as the instructions do. */
const shift =
  (left: boolean): Render =>
  ({ lanes }, [x, count], from) => {
    const name = left ? "shl" : from === "int32" ? "shr_s" : "shr_u";
    if (isVector(x) && !isVector(count)) return lanes.tape.pure(`i32x4.${name}`, [x, count]);
    return lanes.each(from, pair(x, count, from), (a, b) => lanes.tape.pure(`i32.${name}`, [a!, b!]));
  };

const negate: Render = ({ lanes }, [x], from) =>
  isFloat(from) || isVector(x) ? lanes.apply("neg", from, x) : lanes.integer("sub", lanes.i32(0), x);

const absolute: Render = ({ lanes }, [x], from) => {
  if (from === "uint32") return x;
  if (isFloat(from) || isVector(x)) return lanes.apply("abs", from, x);
  const sign = lanes.shift("shr_s", x, 31);
  return lanes.integer("sub", lanes.integer("xor", x, sign), sign);
};

/** −1 or 1; zeros and NaN are their own sign. */
const sign: Render = ({ lanes }, [x], from) => {
  if (from === "uint32") return lanes.choose("min", x, lanes.i32(1), true);
  if (from === "int32") {
    const positive = lanes.shift("shr_u", lanes.integer("sub", lanes.i32(0), x), 31);
    return lanes.integer("or", lanes.shift("shr_s", x, 31), positive);
  }
  const zero = lanes.constant(from, 0);
  const one = lanes.constant(from, 1);
  const unit = isVector(x)
    ? lanes.bits("or", lanes.bits("and", x, lanes.i32(1 << 31), "int32"), one, from)
    : lanes.apply("copysign", from, one, x);
  return lanes.select(lanes.apply("gt", from, lanes.apply("abs", from, x), zero), unit, x, from);
};

const not: Render = ({ lanes }, [x], from) => {
  if (isVector(x)) return lanes.tape.pure("v128.not", [x]);
  return from === "bool" ? lanes.tape.pure("i32.eqz", [x]) : lanes.integer("xor", x, lanes.i32(-1));
};

const isFinite_: Render = ({ lanes }, [x], from) =>
  lanes.apply("lt", from, lanes.apply("abs", from, x), lanes.constant(from, Infinity));

/** To the value's type: of floats truncated and saturated, of integers wrapped; to bool is ≠ 0. */
const convert: Render = ({ lanes }, [x], from, to) => {
  const { tape } = lanes;
  if (from === to) return x;
  if (to === "bool") return lanes.apply("ne", from, x, lanes.constant(from, 0));
  if (from === "bool" && isVector(x))
    return lanes.bits("and", x, to === "float32" ? lanes.constant(to, 1) : lanes.i32(1), to);
  if (!isFloat(from) && !isFloat(to)) return x;
  if (from === "float32" && to === "float64") return tape.pure("f64.promote_f32", [x]);
  if (from === "float64" && to === "float32") return tape.pure("f32.demote_f64", [x]);
  const [name, of] = isFloat(from) ? (["trunc_sat", from] as const) : (["convert", from] as const);
  const unsigned = (isFloat(from) ? to : from) === "int32" ? "s" : "u";
  const vector = isVector(x) ? "x4" : "";
  return tape.pure(`${scalarOf(to)}${vector}.${name}_${scalarOf(of)}${vector}_${unsigned}` as Instruction, [x]);
};

const bitcast: Render = ({ lanes }, [x], _from, to) => lanes.reinterpret(x, to === "float32" ? "f32" : "i32");

/** The low bits, with copies of their highest one above them for int32, zeros for uint32. */
const wrap =
  (bits: number): Render =>
  ({ lanes }, [x], from) => {
    if (from === "uint32") return lanes.integer("and", x, lanes.i32(2 ** bits - 1));
    return lanes.shift("shr_s", lanes.shift("shl", x, 32 - bits), 32 - bits);
  };

const renders: Readonly<Record<AluOp, Render>> = {
  add: plain("add"),
  sub: plain("sub"),
  mul: plain("mul"),
  div: divide,
  rem: remainder,
  maximum: larger,
  minimum: smaller,
  pow: function_("pow"),
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  shl: shift(true),
  shr: shift(false),
  neg: negate,
  abs: absolute,
  sign,
  floor: float("floor"),
  ceil: float("ceil"),
  round: float("nearest"),
  sqrt: float("sqrt"),
  rsqrt: ({ lanes }, [x], from) => lanes.apply("div", from, lanes.constant(from, 1), lanes.apply("sqrt", from, x)),
  not,
  exp: function_("exp"),
  expm1: function_("expm1"),
  log: function_("log"),
  log1p: function_("log1p"),
  tanh: function_("tanh"),
  erf: function_("erf"),
  sin: function_("sin"),
  cos: function_("cos"),
  eq: compare("eq"),
  ne: compare("ne"),
  lt: compare("lt"),
  le: compare("le"),
  gt: compare("gt"),
  ge: compare("ge"),
  convert,
  bitcast,
  select: ({ lanes }, [condition, a, b], _from, to) => lanes.select(condition, a, b, to),
  is_finite: isFinite_,
  round16: ({ lanes }, [x]) => rare.now.halfToFloat(lanes, rare.now.floatToHalf(lanes, x)),
  roundb16: ({ lanes }, [x]) => rare.now.brainToFloat(lanes, rare.now.floatToBrain(lanes, x)),
  wrap8: wrap(8),
  wrap16: wrap(16),
};

import { type AluOp, type Combine, type ElementaryName, elementary, type ValueType } from "@tenon/lowering";
import { rare } from "../parts.ts";
import { isVector, type Lanes, scalarOf } from "./arithmetic.ts";
import type { MathFunctions } from "./math.ts";
import type { Instruction, Node } from "./tape.ts";

/** What operations are rendered with. */
export interface Units {
  readonly lanes: Lanes;
  readonly math: MathFunctions;
}

export type Render = (units: Units, operands: readonly [Node, Node, Node], from: ValueType, to: ValueType) => Node;

export const isFloat = (type: ValueType): boolean => type === "float32" || type === "float64";

/** What an operation gives for operands of type `from`. */
export function renderAlu(units: Units, op: AluOp, operands: readonly Node[], from: ValueType, to: ValueType): Node {
  return (common[op] ?? rare.now.renders[op])!(units, operands as readonly [Node, Node, Node], from, to);
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

/** The instruction on floats; what becomes of integers is rare. */
const ofFloats =
  (name: "div" | "neg" | "sqrt"): Render =>
  (units, operands, from, to) =>
    isFloat(from) ? units.lanes.apply(name, from, ...operands) : rare.now.renders[name]!(units, operands, from, to);

/** A function of float32 by polynomials on vectors, of float64 by JavaScript's. */
export const function_ =
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

export const pair = (a: Node, b: Node, type: ValueType) =>
  [
    [a, type],
    [b, type],
  ] as const;

/** Counts are taken modulo 32, as the instructions do. */
const shift =
  (left: boolean): Render =>
  ({ lanes }, [x, count], from) => {
    const name = left ? "shl" : from === "int32" ? "shr_s" : "shr_u";
    if (isVector(x) && !isVector(count)) return lanes.tape.pure(`i32x4.${name}`, [x, count]);
    return lanes.each(from, pair(x, count, from), (a, b) => lanes.tape.pure(`i32.${name}`, [a!, b!]));
  };

const isFinite_: Render = ({ lanes }, [x], from) =>
  lanes.apply("lt", from, lanes.apply("abs", from, x), lanes.constant(from, Infinity));

const bitcast: Render = ({ lanes }, [x], _from, to) => lanes.reinterpret(x, to === "float32" ? "f32" : "i32");

/** What most programs do. */
const common: Readonly<Partial<Record<AluOp, Render>>> = {
  add: plain("add"),
  sub: plain("sub"),
  mul: plain("mul"),
  div: ofFloats("div"),
  maximum: larger,
  minimum: smaller,
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  neg: ofFloats("neg"),
  sqrt: ofFloats("sqrt"),
  shl: shift(true),
  shr: shift(false),
  exp: function_("exp"),
  expm1: function_("expm1"),
  pow: function_("pow"),
  log: function_("log"),
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
};

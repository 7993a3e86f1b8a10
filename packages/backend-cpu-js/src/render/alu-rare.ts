import type { AluOp } from "@tenon/lowering";
import { function_, isFloat, pair, type Render } from "./alu.ts";
import { constantOf, isVector, type Lanes } from "./arithmetic.ts";
import { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from "./half.ts";
import type { Node } from "./tape.ts";

/** Division that truncates, guarded against what traps: 0, and −1 for the lowest number. */
const divideIntegers: Render = ({ lanes }, [a, b], from) =>
  lanes.each(from, pair(a, b, from), (x, y) => {
    if (from === "uint32") return lanes.tape.pure("i32.div_u", [x!, orOne(lanes, y!)]);
    const known = constantOf(y!);
    if (known !== undefined && known !== 0 && known !== -1) return lanes.tape.pure("i32.div_s", [x!, y!]);
    const special = lanes.apply("lt_u", "int32", lanes.integer("add", y!, lanes.i32(1)), lanes.i32(2));
    const quotient = lanes.tape.pure("i32.div_s", [x!, lanes.select(special, lanes.i32(1), y!, "int32")]);
    return lanes.select(special, lanes.integer("mul", x!, y!), quotient, "int32");
  });

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

/** A divisor, with 1 in place of 0. */
const orOne = (lanes: Lanes, x: Node): Node =>
  constantOf(x) === undefined ? lanes.integer("or", x, lanes.tape.pure("i32.eqz", [x])) : lanes.i32(constantOf(x) || 1);

const negateInteger: Render = ({ lanes }, [x], from) =>
  isVector(x) ? lanes.apply("neg", from, x) : lanes.integer("sub", lanes.i32(0), x);

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

/** The low bits, with copies of their highest one above them for int32, zeros for uint32. */
const wrap =
  (bits: number): Render =>
  ({ lanes }, [x], from) => {
    if (from === "uint32") return lanes.integer("and", x, lanes.i32(2 ** bits - 1));
    return lanes.shift("shr_s", lanes.shift("shl", x, 32 - bits), 32 - bits);
  };

/** Instructions on floats alone; integers are left as they are. */
const float =
  (name: string): Render =>
  ({ lanes }, [x], from) =>
    isFloat(from) ? lanes.apply(name, from, x) : x;

/** What most programs do without: operations on integers, and what is seldom done to floats. */
export const renders: Readonly<Partial<Record<AluOp, Render>>> = {
  div: divideIntegers,
  rem: remainder,
  neg: negateInteger,
  abs: absolute,
  sign,
  floor: float("floor"),
  ceil: float("ceil"),
  round: float("nearest"),
  sqrt: float("sqrt"),
  rsqrt: ({ lanes }, [x], from) => lanes.apply("div", from, lanes.constant(from, 1), lanes.apply("sqrt", from, x)),
  not,
  log1p: function_("log1p"),
  tanh: function_("tanh"),
  erf: function_("erf"),
  sin: function_("sin"),
  cos: function_("cos"),
  round16: ({ lanes }, [x]) => halfToFloat(lanes, floatToHalf(lanes, x)),
  roundb16: ({ lanes }, [x]) => brainToFloat(lanes, floatToBrain(lanes, x)),
  wrap8: wrap(8),
  wrap16: wrap(16),
};

import {
  floorDiv,
  foldIndex,
  type Index,
  type IndexBuilder,
  type IndexNode,
  type IndexVariable,
  least,
} from "@tenon/lowering";
import { rare } from "../parts.ts";
import { constantOf, isVector, type Lanes } from "./arithmetic.ts";
import type { Node } from "./tape.ts";

/** Whether a quotient is the same in all lanes. */
export type IsUniform = (quotient: Index) => boolean;

/** Index expressions as int32, on one value or on lanes: whatever `variable` gives. */
export function renderIndex(
  lanes: Lanes,
  root: IndexNode,
  variable: (v: IndexVariable) => Node,
  isUniform?: IsUniform,
): Node {
  return foldIndex(root, builderOn(lanes, variable, isUniform));
}

function builderOn(lanes: Lanes, variable: (v: IndexVariable) => Node, isUniform?: IsUniform): IndexBuilder<Node> {
  const bool = (value: boolean): Node => lanes.i32(Number(value));
  const compare =
    (name: string) =>
    (a: Node, b: Node): Node =>
      lanes.apply(name, "int32", a, b);
  const logic =
    (name: "and" | "or") =>
    (a: Node, b: Node): Node =>
      lanes.bits(name, a, b, "bool");
  return {
    constant: (value) => lanes.i32(value),
    variable,
    add: (a, b) => lanes.integer("add", a, b),
    subtract: (a, b) => lanes.integer("sub", a, b),
    multiply: (a, b) => lanes.integer("mul", a, b),
    floorDiv(a, b, dividend, divisor) {
      const same = isVector(a) && isUniform?.(floorDiv(dividend, divisor)) === true;
      return quotient(lanes, same ? lanes.extract(a, "int32", 0) : a, b, dividend, divisor);
    },
    mod: (...operands) => rare.now.remainder(lanes, isUniform, ...operands),
    min: (a, b) => lanes.choose("min", a, b),
    max: (a, b) => lanes.choose("max", a, b),
    select: (condition, a, b) => lanes.select(condition, a, b, "int32"),
    boolean: bool,
    less: compare("lt_s"),
    equal: compare("eq"),
    notEqual: compare("ne"),
    and: logic("and"),
    or: logic("or"),
  };
}

/** n of 2ⁿ, or undefined. */
export function exponentOf(x: Node): number | undefined {
  const value = constantOf(x);
  return value !== undefined && value > 0 && (value & (value - 1)) === 0 ? 31 - Math.clz32(value) : undefined;
}

/** An arithmetic shift rounds down whatever the sign. */
export function quotient(lanes: Lanes, a: Node, b: Node, dividend: Index, divisor: Index): Node {
  const exponent = exponentOf(b);
  if (exponent !== undefined) return lanes.shift("shr_s", a, exponent);
  return divided(lanes, a, b, divisor, (x, y) => {
    if (least(dividend) >= 0) return lanes.tape.pure("i32.div_u", [x, y]);
    const negative = lanes.shift("shr_s", lanes.tape.pure("i32.rem_s", [x, y]), 31);
    return lanes.integer("add", lanes.tape.pure("i32.div_s", [x, y]), negative);
  });
}

/** Lane by lane. A divisor that is 0 where nothing runs may be divided by before the loops that do not run. */
export function divided(lanes: Lanes, a: Node, b: Node, divisor: Index, f: (x: Node, y: Node) => Node): Node {
  const safe = least(divisor) >= 1 || isVector(b) ? b : lanes.choose("max", b, lanes.i32(1));
  const pair = [a, safe].map((x) => [x, "int32"] as const);
  return lanes.each("int32", pair, (x, y) => f(x!, y!));
}

import { choice } from "../attrs.ts";
import { defineScalar, type OpFunction, type Unary } from "../op.ts";
import type { Operand } from "../record.ts";
import type { Tensor } from "../tensor.ts";

const directions = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
type Direction = (typeof directions)[number];

const meanings: Readonly<Record<Direction, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

/** Element-wise comparison as in IEEE 754: NaN equals nothing and has no order. */
export const compare = defineScalar({
  name: "compare",
  version: 1,
  numeric: "exact",
  accepts: "any",
  inputs: ["x", "y"],
  attrs: { dir: choice(directions) },
  result: "bool",
  evaluate: (x, y, { dir }: { dir: Direction }) => Number(meanings[dir](x, y)),
  derivatives: () => [null, null],
});

export const equal = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "eq" });
export const notEqual = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "ne" });
export const less = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "lt" });
export const lessEqual = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "le" });
export const greater = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "gt" });
export const greaterEqual = (x: Operand, y: Operand): Tensor => compare(x, y, { dir: "ge" });

/** `x` where the condition holds, `y` elsewhere. */
export const select: OpFunction<readonly ["condition", "x", "y"]> = defineScalar({
  name: "select",
  version: 1,
  numeric: "exact",
  accepts: "any",
  predicates: 1,
  inputs: ["condition", "x", "y"],
  evaluate: (condition, x, y) => (condition !== 0 ? x : y),
  linear: ["x", "y"],
  vjp: ([condition], _results, [dz]) => [null, select(condition, dz, 0), select(condition, 0, dz)],
});

/** NumPy's name for `select`: `x` where the condition holds, `y` elsewhere. */
export const where = select;

/** Whether x is neither infinite nor NaN. */
export const isFinite: Unary = defineScalar({
  name: "is_finite",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  result: "bool",
  evaluate: (x) => Number(Number.isFinite(x)),
  derivatives: () => [null],
});

import { choice } from "../attrs.ts";
import { defineScalar, type OpFunction, type Unary } from "../op.ts";
import type { Operand } from "../record.ts";
import { bools, type Case, integers, normal, samplesOf, ties, values } from "../sample.ts";
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

/** A rest of operands, so that one too many is refused rather than dropped. */
const by =
  (dir: Direction) =>
  (...operands: [x: Operand, y: Operand]): Tensor =>
    compare(...operands, { dir });

export const equal = by("eq");
export const notEqual = by("ne");
export const less = by("lt");
export const lessEqual = by("le");
export const greater = by("gt");
export const greaterEqual = by("ge");

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

export const compareSamples = () =>
  samplesOf(
    compare,
    directions.flatMap((dir): Case[] => [
      [normal([3, 4]), normal([3, 4]), { dir }],
      [normal([]), normal([]), { dir }],
      [ties([4, 1]), ties([3]), { dir }],
      [integers([2, 5], -3, 3), integers([2, 5], -3, 3), { dir }],
      [bools([4]), bools([4]), { dir }],
      [values([NaN, 0, -0, Infinity]), values([NaN, -0, 0, Infinity]), { dir }],
      [normal([0]), normal([0]), { dir }],
    ]),
  );
export const selectSamples = () =>
  samplesOf(select, [
    [bools([3, 4]), normal([3, 4]), normal([3, 4])],
    [bools([3, 1]), normal([]), normal([4])],
    [bools([]), normal([]), normal([])],
    [bools([0]), normal([0]), normal([0])],
    [bools([4]), normal([4], { dtype: "float64" }), normal([4], { dtype: "float64" })],
    [bools([4]), integers([4], -9, 9), integers([4], -9, 9)],
    [bools([4]), bools([4]), bools([4])],
  ]);
export const isFiniteSamples = () =>
  samplesOf(isFinite, [
    [values([0, 1, NaN, Infinity, -Infinity])],
    [normal([])],
    [normal([0, 2])],
    [normal([3], { dtype: "float64" })],
  ]);

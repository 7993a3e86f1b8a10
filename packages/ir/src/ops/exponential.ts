import { defineScalar, type Unary } from "../op.ts";
import { erfValue } from "../special.ts";
import { div } from "./arithmetic.ts";

/** `e^x`. */
export const exp: Unary = defineScalar({
  name: "exp",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.exp(x),
  derivatives: (_args, y) => [y],
});

/** `e^x − 1`, exact near 0. */
export const expm1: Unary = defineScalar({
  name: "expm1",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.expm1(x),
  derivatives: (_args, y) => [y.add(1)],
});

/** Natural logarithm. */
export const log: Unary = defineScalar({
  name: "log",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.log(x),
  vjp: ([x], _results, [dy]) => [dy.div(x)],
  jvp: ([x], [dx]) => (dx === null ? null : dx.div(x)),
});

/** `log(1 + x)`, exact near 0. */
export const log1p: Unary = defineScalar({
  name: "log1p",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.log1p(x),
  vjp: ([x], _results, [dy]) => [dy.div(x.add(1))],
  jvp: ([x], [dx]) => (dx === null ? null : dx.div(x.add(1))),
});

/** Square root; NaN below 0. */
export const sqrt: Unary = defineScalar({
  name: "sqrt",
  version: 1,
  numeric: "division",
  inputs: ["x"],
  evaluate: (x) => Math.sqrt(x),
  derivatives: (_args, y) => [div(0.5, y)],
});

/** `1 / √x`. */
export const rsqrt: Unary = defineScalar({
  name: "rsqrt",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => 1 / Math.sqrt(x),
  derivatives: (_args, y) => [y.mul(y).mul(y).mul(-0.5)],
});

/** Error function, `2/√π · ∫₀ˣ exp(−t²) dt`. */
export const erf: Unary = defineScalar({
  name: "erf",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: erfValue,
  derivatives: ([x]) => [exp(x.mul(x).neg()).mul(2 / Math.sqrt(Math.PI))],
});

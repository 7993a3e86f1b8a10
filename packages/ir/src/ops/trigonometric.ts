import { defineScalar, type Unary } from "../op.ts";
import { sub } from "./arithmetic.ts";

/** Sine of an angle in radians. */
export const sin: Unary = defineScalar({
  name: "sin",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.sin(x),
  derivatives: ([x]) => [cos(x)],
});

/** Cosine of an angle in radians. */
export const cos: Unary = defineScalar({
  name: "cos",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.cos(x),
  derivatives: ([x]) => [sin(x).neg()],
});

/** Hyperbolic tangent. */
export const tanh: Unary = defineScalar({
  name: "tanh",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.tanh(x),
  derivatives: (_args, y) => [sub(1, y.mul(y))],
});

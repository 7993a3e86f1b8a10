import { defineScalar, type Unary } from "../op.ts";
import { type Case, normal, samplesOf, values } from "../sample.ts";
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

const angles = (): readonly Case[] => [
  [normal([3, 4], { scale: 3 })],
  [normal([])],
  [normal([0, 3])],
  [normal([1], { dtype: "float64" })],
  [normal([5], { dtype: "float16" })],
  [values([-1, 0, 3], [3], "int32")],
  [values([-100, 0, 1e-6, 100])],
];

export const sinSamples = () => samplesOf(sin, angles());
export const cosSamples = () => samplesOf(cos, angles());
export const tanhSamples = () => samplesOf(tanh, angles());

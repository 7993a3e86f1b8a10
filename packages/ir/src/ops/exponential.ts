import type { Jvp } from "../beside.ts";
import { defineScalar, type Unary } from "../op.ts";
import { type Case, normal, samplesOf, uniform, values } from "../sample.ts";
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
});

export const logJvp: Jvp<["x"]> = ([x], [dx]) => (dx === null ? null : dx.div(x));

/** `log(1 + x)`, exact near 0. */
export const log1p: Unary = defineScalar({
  name: "log1p",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.log1p(x),
  vjp: ([x], _results, [dy]) => [dy.div(x.add(1))],
});

export const log1pJvp: Jvp<["x"]> = ([x], [dx]) => (dx === null ? null : dx.div(x.add(1)));

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

const anywhere = (): readonly Case[] => [
  [normal([3, 4])],
  [normal([])],
  [normal([0, 3])],
  [normal([1], { dtype: "float64" })],
  [normal([5], { dtype: "bfloat16" })],
  [values([-1, 0, 3], [3], "int32")],
];
const positive = (): readonly Case[] => [
  [uniform([3, 4], 0.1, 4)],
  [uniform([], 0.1, 4)],
  [uniform([0, 3], 1, 2)],
  [uniform([1], 0.1, 4, "float64")],
  [uniform([5], 0.1, 4, "float16")],
  [values([1, 3, 100], [3], "int32")],
];

export const expSamples = () =>
  samplesOf(exp, [...anywhere(), { operands: [values([-80, -1, 0, 1, 80])], kink: true }]);
export const expm1Samples = () => samplesOf(expm1, [...anywhere(), [values([-80, -1e-6, 0, 1e-6])]]);
export const logSamples = () => samplesOf(log, [...positive(), { operands: [values([1e-30, 1, 1e30])], kink: true }]);
export const log1pSamples = () => samplesOf(log1p, [...positive(), [values([-0.9, -1e-6, 0, 1e-6])]]);
export const sqrtSamples = () => samplesOf(sqrt, [...positive(), { operands: [values([1e-20, 1, 1e20])], kink: true }]);
export const rsqrtSamples = () =>
  samplesOf(rsqrt, [...positive(), { operands: [values([1e-10, 1, 1e10])], kink: true }]);
export const erfSamples = () => samplesOf(erf, [...anywhere(), [values([-5, -2.5, -1e-4, 0, 2.4, 7])]]);

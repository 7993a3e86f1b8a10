import { defineScalar, type Unary } from "../op.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { abs, maximum } from "./arithmetic.ts";
import { exp, log1p } from "./exponential.ts";
import { sigmoid } from "./sigmoid.ts";

/**
 * Smooth rectifier, `log(1 + exp(x))`; its slope is `σ(x)`.
 *
 * Decomposed as `max(x, 0) + log1p(exp(−|x|))`, which neither overflows nor loses small values.
 */
export const softplus: Unary = defineScalar({
  name: "nn.softplus",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  decompose: ([x]) => maximum(x, 0).add(log1p(exp(abs(x).neg()))),
  derivatives: ([x]) => [sigmoid(x)],
});

export const softplusSamples = () =>
  samplesOf(softplus, [[normal([4, 7])], [values([-88, -1, 0, 1, 88])], [normal([])]]);

import { defineScalar, type Unary } from "../op.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { abs, div, sub } from "./arithmetic.ts";
import { greaterEqual, select } from "./compare.ts";
import { exp } from "./exponential.ts";

/**
 * Logistic function, `σ(x) = 1 / (1 + exp(−x))`.
 *
 * Decomposed through `exp(−|x|)`, which never overflows.
 */
export const sigmoid: Unary = defineScalar({
  name: "nn.sigmoid",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => 1 / (1 + Math.exp(-x)),
  decompose([x]) {
    const z = exp(abs(x).neg());
    return select(greaterEqual(x, 0), div(1, z.add(1)), z.div(z.add(1)));
  },
  derivatives: (_args, y) => [y.mul(sub(1, y))],
});

export const sigmoidSamples = () =>
  samplesOf(sigmoid, [
    [normal([4, 7])],
    [values([-88, -1, 0, 1, 88])],
    [normal([0])],
    [normal([5], { dtype: "bfloat16" })],
  ]);

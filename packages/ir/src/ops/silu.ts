import { defineScalar, type Unary } from "../op.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { sub } from "./arithmetic.ts";
import { sigmoid } from "./sigmoid.ts";

/**
 * Sigmoid-weighted linear unit, `x·σ(x)`, also called swish.
 *
 * Elfwing, Uchibe & Doya 2017, Sigmoid-weighted linear units for neural network function approximation in
 * reinforcement learning, arXiv:1702.03118, eq. 5; its slope is eq. 6.
 */
export const silu: Unary = defineScalar({
  name: "nn.silu",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  evaluate: (x) => x / (1 + Math.exp(-x)),
  decompose: ([x]) => x.mul(sigmoid(x)),
  derivatives([x], y) {
    const s = sigmoid(x);
    return [s.add(y.mul(sub(1, s)))];
  },
});

export const siluSamples = () => samplesOf(silu, [[normal([4, 7])], [values([-88, -1, 0, 1, 88])], [normal([])]]);

import { choice } from "../attrs.ts";
import { defineScalar, type Unary } from "../op.ts";
import { convertTo } from "../promote.ts";
import { normal, samplesOf, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { sub } from "./arithmetic.ts";
import { clamp } from "./clamp.ts";
import { erf, exp } from "./exponential.ts";
import { tanh } from "./trigonometric.ts";

const SATURATED = 16; // beyond it the normal distribution is 0 or 1 even in float64, and squares stay small
const CUBIC = 0.044715; // eq. 2 of the paper

/**
 * Gaussian error linear unit, `x·Φ(x)` with `Φ(x) = ½(1 + erf(x/√2))`; with `approximate: "tanh"`
 * `Φ(x) ≈ ½(1 + tanh(√(2/π)·(x + 0.044715x³)))`.
 *
 * Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415.
 */
export const gelu: Unary<{ approximate: "none" | "tanh" }> = defineScalar({
  name: "nn.gelu",
  version: 1,
  numeric: "transcendental",
  inputs: ["x"],
  attrs: { approximate: choice(["none", "tanh"], "none") },
  decompose([x], { approximate }) {
    const wide = widen(x);
    const inner = approximate === "tanh" ? tanh(tanhArgument(near(wide))) : erf(wide.mul(Math.SQRT1_2));
    return convertTo(wide.mul(0.5).mul(inner.add(1)), x.dtype);
  },
  derivatives([x], _y, { approximate }) {
    const z = near(widen(x));
    if (approximate === "none") {
      const density = exp(z.mul(z).mul(-0.5)).mul(1 / Math.sqrt(2 * Math.PI));
      const below = erf(z.mul(Math.SQRT1_2)).add(1).mul(0.5);
      return [convertTo(below.add(z.mul(density)), x.dtype)];
    }
    const t = tanh(tanhArgument(z));
    const slope = z
      .mul(z)
      .mul(3 * CUBIC)
      .add(1)
      .mul(Math.sqrt(2 / Math.PI));
    return [
      convertTo(
        t
          .add(1)
          .add(z.mul(sub(1, t.mul(t))).mul(slope))
          .mul(0.5),
        x.dtype,
      ),
    ];
  },
});

const near = (x: Tensor): Tensor => clamp(x, -SATURATED, SATURATED);
const tanhArgument = (z: Tensor): Tensor => z.add(z.mul(z).mul(z).mul(CUBIC)).mul(Math.sqrt(2 / Math.PI));

const typical = () => [normal([4, 7]), values([-88, -3, 0, 1, 88]), normal([5], { dtype: "float16" })];

export const geluSamples = () =>
  samplesOf(gelu, [
    ...typical().map((x) => [x] as const),
    ...typical().map((x) => [x, { approximate: "tanh" }] as const),
  ]);

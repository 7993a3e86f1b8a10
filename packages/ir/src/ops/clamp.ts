import { defineScalar, type OpFunction } from "../op.ts";
import { distinct, integers, normal, samplesOf, uniform, values } from "../sample.ts";
import { maximum, minimum } from "./arithmetic.ts";

/**
 * `x` held between two bounds, `min(max(x, low), high)`; `high` wins where `low` is above it. The bounds are tensors or
 * numbers, and receive the gradient where they are reached; at equality it is shared.
 */
export const clamp: OpFunction<readonly ["x", "low", "high"]> = defineScalar({
  name: "nn.clamp",
  version: 1,
  numeric: "exact",
  accepts: "number",
  inputs: ["x", "low", "high"],
  evaluate: (x, low, high) => Math.min(Math.max(x, low), high),
  decompose: ([x, low, high]) => minimum(maximum(x, low), high),
});

export const clampSamples = () =>
  samplesOf(clamp, [
    [normal([4, 7], { scale: 2 }), values([-1], []), values([1.5], [])],
    [distinct([6]), uniform([6], -2, -1), uniform([6], 1, 2)],
    [integers([5], -9, 9), values([-3], [], "int32"), values([4], [], "int32")],
    { operands: [values([-1, 0, 1]), values([-1], []), values([1], [])], kink: true },
  ]);

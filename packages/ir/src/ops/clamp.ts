import { defineScalar, type OpFunction } from "../op.ts";
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

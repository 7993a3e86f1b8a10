import { type Binary, defineScalar } from "../op.ts";

/** Sum, `x + y`. Integers wrap. */
export const add: Binary = defineScalar({
  name: "add",
  version: 1,
  numeric: "rounded",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x + y,
  linear: true,
  vjp: (_args, _results, [dz]) => [dz, dz],
});

/** Product, `x · y`. Integers wrap. */
export const mul: Binary = defineScalar({
  name: "mul",
  version: 1,
  numeric: "rounded",
  accepts: "number",
  inputs: ["x", "y"],
  evaluate: (x, y) => x * y,
  integers: (x, y) => Math.imul(x, y),
  derivatives: ([x, y]) => [y, x],
});

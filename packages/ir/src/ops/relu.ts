import { defineScalar, type Unary } from "../op.ts";
import { maximum } from "./arithmetic.ts";
import { greater, select } from "./compare.ts";

/** Rectifier, `max(x, 0)`. Its slope at 0 is 0, where `maximum` alone would share the gradient. */
export const relu: Unary = defineScalar({
  name: "nn.relu",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  evaluate: (x) => Math.max(x, 0),
  decompose: ([x]) => maximum(x, 0),
  vjp: ([x], _results, [dy]) => [select(greater(x, 0), dy, 0)],
  jvp: ([x], [dx]) => dx && select(greater(x, 0), dx, 0),
});

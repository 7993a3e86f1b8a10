import type { Jvp } from "../beside.ts";
import { defineScalar, type Unary } from "../op.ts";
import { normal, samplesOf, values } from "../sample.ts";
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
  // y > 0 where x > 0, and the backward pass need not keep x
  vjp: (_args, [y], [dy]) => [select(greater(y, 0), dy, 0)],
});

export const reluJvp: Jvp<["x"]> = ([x], [dx]) => dx && select(greater(x, 0), dx, 0);

export const reluSamples = () =>
  samplesOf(relu, [
    [normal([4, 7])],
    [normal([])],
    [normal([0])],
    { operands: [values([-2, -0, 0, 3, Infinity, NaN])], kink: true },
    [normal([5], { dtype: "float16" })],
  ]);

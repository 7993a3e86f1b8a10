import type { Batching, Jvp } from "../beside.ts";
import { applyOp, defineOp, type Unary } from "../op.ts";
import { normal, samplesOf } from "../sample.ts";

/** `x`, whose derivative is taken to be zero. */
export const stopGradient: Unary = defineOp({
  name: "ad.stop_gradient",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  shape: ([x]) => x.shape,
  decompose: ([x]) => x,
  vjp: () => [null],
});

export const stopGradientJvp: Jvp<["x"]> = () => null;

export const stopGradientBatching: Batching<["x"]> = ([x]) => applyOp(stopGradient.op, [x]);

export const stopGradientSamples = () => samplesOf(stopGradient, [{ operands: [normal([3])], kink: true }]);

import { resultDType } from "../attrs.ts";
import { type DType, dtypes, isFloat } from "../dtype.ts";
import { convertNumber, decodeElements, encodeElements } from "../number.ts";
import { defineScalar } from "../op.ts";
import { failDType } from "../rule.ts";
import { convertTo } from "../promote.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The value in another dtype. Floats become integers by truncation, saturate at the limits, and NaN becomes 0;
 * anything but 0 becomes `true`; integers wrap among themselves.
 */
export const convert = defineScalar({
  name: "convert",
  version: 1,
  numeric: "exact",
  accepts: "any",
  inputs: ["x"],
  attrs: { to: resultDType() },
  result: ({ to }) => to,
  rounds: true,
  evaluate: (x, { to }) => convertNumber(to, x),
  vjp: ([x], _results, [dy], { to }) => [isFloat(x.dtype) && isFloat(to) ? convertTo(dy, x.dtype) : null],
  jvp: ([x], [dx], _results, { to }) => (dx !== null && isFloat(x.dtype) && isFloat(to) ? convertTo(dx, to) : null),
});

/** The tensor in another dtype; the tensor itself where it has that dtype. */
export const cast = (x: Tensor, dtype: DType): Tensor => convertTo(x, dtype);

/** The same bits read as another dtype of the same width. */
export const bitcast = defineScalar({
  name: "bitcast",
  version: 1,
  numeric: "exact",
  accepts: "any",
  inputs: ["x"],
  attrs: { to: resultDType() },
  result: ({ to }) => to,
  rounds: true,
  run: ([x], { to }) => decodeElements(to, encodeElements(x!.dtype, x!.data)),
});

import { resultDType } from "../attrs.ts";
import { type DType, dtypes, isFloat } from "../dtype.ts";
import { convertNumber, decodeElements, encodeElements, roundToDType } from "../number.ts";
import { defineScalar, type Unary } from "../op.ts";
import { convertTo } from "../promote.ts";
import { failDType } from "../rule.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The value in another dtype. Floats become integers by truncation, saturate at the limits, and NaN becomes 0;
 * anything but 0 becomes `true`; integers wrap among themselves.
 */
export const convert: Unary<{ to: DType }> = defineScalar({
  name: "convert",
  version: 1,
  numeric: "exact",
  accepts: "any",
  inputs: ["x"],
  attrs: { to: resultDType() },
  result: ({ to }) => to,
  rounds: true,
  evaluate: (x, { to }) => convertNumber(to, x),
  integers: (x, { to }) => roundToDType(to, x),
  vjp: ([x], _results, [dy], { to }) => [isFloat(x.dtype) && isFloat(to) ? convertTo(dy, x.dtype) : null],
  jvp: ([x], [dx], _results, { to }) => (dx !== null && isFloat(x.dtype) && isFloat(to) ? convertTo(dx, to) : null),
});

/** The tensor in another dtype; the tensor itself where it has that dtype. */
export const cast = (x: Tensor, dtype: DType): Tensor => convertTo(x, dtype);

const bitcastOp: Unary<{ to: DType }> = defineScalar({
  name: "bitcast",
  version: 1,
  numeric: "exact",
  accepts: "any",
  inputs: ["x"],
  attrs: { to: resultDType() },
  result({ to }, from) {
    const bits = (dtype: DType): number => (dtype === "bool" ? 1 : 8 * dtypes[dtype].byteLength);
    if (bits(from) !== bits(to))
      failDType(`${from} has ${bits(from)} bits but ${to} has ${bits(to)}`, "use cast to convert the value");
    return to;
  },
  rounds: true,
  run: ([x], { to }) => decodeElements(to, encodeElements(x!.dtype, x!.data)),
  derivatives: () => [null],
});

/** The same bits read as another dtype of the same width. */
export const bitcast = (x: Tensor, dtype: DType): Tensor => bitcastOp(x, { to: dtype });

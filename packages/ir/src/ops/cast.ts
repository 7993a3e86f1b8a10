import { resultDType } from "../attrs.ts";
import type { Jvp } from "../beside.ts";
import { checkDType, type DType, dtypes, isFloat } from "../dtype.ts";
import { convertNumber, decodeElements, encodeElements, roundToDType } from "../number.ts";
import { defineScalar, type Unary } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import { failDType } from "../rule.ts";
import { bools, integers, normal, samplesOf, values } from "../sample.ts";
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
});

export const convertJvp: Jvp<["x"]> = ([x], [dx], _results, { to }) =>
  dx !== null && isFloat(x.dtype) && isFloat(to) ? convertTo(dx, to) : null;

/** The tensor in another dtype; the tensor itself where it has that dtype. */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor("cast", "x", x);
  return convertTo(x, checkDType("cast", dtype));
}

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
export const bitcast = (x: Tensor, dtype: DType): Tensor => bitcastOp(x, { to: checkDType("bitcast", dtype) });

export const convertSamples = () =>
  samplesOf(convert, [
    [normal([3, 4]), { to: "float64" }],
    // conversions that round, even in the reference, are steps
    { operands: [normal([3, 4], { dtype: "float64" })], attrs: { to: "float32" }, kink: true },
    { operands: [normal([3, 4])], attrs: { to: "float16" }, kink: true },
    { operands: [normal([3, 4])], attrs: { to: "bfloat16" }, kink: true },
    [normal([]), { to: "float64" }],
    [normal([0, 2]), { to: "float64" }],
    [values([-2.7, -0.5, 0.5, 2.7, 3e9, -3e9, NaN]), { to: "int32" }],
    [values([-1, 300, 2.9]), { to: "uint8" }],
    [values([0, -0, 0.1, NaN]), { to: "bool" }],
    [integers([2, 3], -300, 300), { to: "int8" }],
    [integers([2, 3], -9, 9), { to: "uint32" }],
    [integers([2, 3], -9, 9), { to: "float32" }],
    [bools([5]), { to: "float32" }],
    [bools([5]), { to: "int32" }],
  ]);
export const bitcastSamples = () =>
  samplesOf(bitcastOp, [
    [normal([3, 4]), { to: "int32" }],
    [normal([]), { to: "uint32" }],
    [integers([5], 0, 2_000_000_000), { to: "float32" }],
    [integers([5], -99, 99), { to: "uint32" }],
    [normal([5], { dtype: "float16" }), { to: "uint16" }],
    [integers([5], 0, 30_000, "uint16"), { to: "bfloat16" }],
    [normal([0]), { to: "int32" }],
  ]);

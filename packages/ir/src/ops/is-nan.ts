import { defineScalar, type Unary } from "../op.ts";
import { samplesOf, values } from "../sample.ts";
import { widen } from "../widen.ts";
import { bitcast } from "./cast.ts";
import { greater, notEqual } from "./compare.ts";

const EXPONENT = 0x7f800000; // every exponent bit of a float32: an infinity, and above it the NaNs

/**
 * Whether `x` is NaN.
 *
 * Decided by its bits, since a shader compiler may assume that no NaN exists and turn `x ≠ x` into `false`; float64,
 * which no such compiler has, is compared.
 */
export const isNaN: Unary = defineScalar({
  name: "math.is_nan",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  result: "bool",
  evaluate: (x) => Number(Number.isNaN(x)),
  decompose([x]) {
    if (x.dtype === "float64") return notEqual(x, x);
    return greater(bitcast(widen(x), "uint32").and(0x7fffffff), EXPONENT);
  },
  derivatives: () => [null],
});

export const isNaNSamples = () =>
  samplesOf(isNaN, [
    [values([NaN, 0, -1, Infinity, -Infinity])],
    [values([NaN, 1], [2], "float16")],
    [values([NaN, 1], [2], "float64")],
  ]);

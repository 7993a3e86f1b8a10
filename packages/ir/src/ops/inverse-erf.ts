import type { Tensor } from "../tensor.ts";
import { maximum, sub } from "./arithmetic.ts";
import { less, select } from "./compare.ts";
import { log, sqrt } from "./exponential.ts";

/** Coefficients of powers of `w − 2.5`, from the highest, for `w < 5`: table 5 of the paper. */
const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
/** Of `√w − 3`, for the tails. */
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];
const EDGE = 5; // of w, between the two

/**
 * Inverse error function of −1 < x < 1 in float32, `x·P(w)` with `w = −log(1 − x²)`; relative error below 4·10⁻⁷.
 *
 * Giles 2010, Approximating the erfinv function, GPU Computing Gems Jade edition, single precision.
 */
export function inverseErf(x: Tensor): Tensor {
  const w = log(sub(1, x).mul(x.add(1))).neg();
  const centre = polynomial(CENTRE, w.sub(EDGE / 2));
  const tail = polynomial(TAIL, sqrt(maximum(w, EDGE)).sub(3));
  return select(less(w, EDGE), centre, tail).mul(x);
}

/** Horner's rule. */
const polynomial = ([first, ...rest]: readonly number[], x: Tensor): Tensor =>
  rest.slice(1).reduce((sum, c) => sum.mul(x).add(c), x.mul(first!).add(rest[0]!));

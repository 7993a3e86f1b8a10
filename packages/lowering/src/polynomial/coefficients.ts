// Written by generate/coefficients.py. Polynomials list their coefficients from the lowest degree upwards.

/** `1 / ln 2`. */
export const INVERSE_LN2 = 1.44269502;

/** The 14 leading bits of ln 2: its product with an exponent is exact. */
export const LN2_HIGH = 0.693115234;

/** What they leave. */
export const LN2_LOW = 3.19461833e-5;

/** `(e^r − 1 − r) / r²` for |r| ≤ ½ ln 2. Error 2^-30.98. */
export const EXPM1_TAIL: readonly number[] = [
  0.5, 0.166666657, 0.0416664779, 0.00833356753, 0.00139336905, 0.000197424408,
];

/** `(log(1 + f) − f + f²/2) / f³` for √½ ≤ 1 + f ≤ √2. Error 2^-30.06. */
export const LOG1P_TAIL: readonly number[] = [
  0.333333105, -0.250000149, 0.200022265, -0.166677266, 0.14217563, -0.124097466, 0.119054131, -0.116551459,
  0.0668415576,
];

// Written by generate/coefficients.py. Polynomials list their coefficients from the lowest degree upwards.

/** `2 / π`. */
export const TWO_OVER_PI = 0.636619747;

/** π / 2 in parts of 11 bits, whose products with 13-bit integers are exact, and a rest. */
export const HALF_PI_PARTS: readonly number[] = [1.5703125, 0.000483751297, 7.54953362e-8, 2.56334407e-12];

/** π / 2 without its first part. */
export const HALF_PI_REST = 0.000483826792;

/** `π / 2`. */
export const HALF_PI = 1.57079637;

/** `2^(29·i − 10) · 2/π mod 4` for i = 0 … 3, in fixed point: 2 bits, then 126 bits of fraction, as four words. */
export const TWO_OVER_PI_WINDOWS: readonly (readonly number[])[] = [
  [0x000a2f98, 0x36e4e441, 0x529fc275, 0x7d1f534d],
  [0x06dc9c88, 0x2a53f84e, 0xafa3ea69, 0xbb81b6c5],
  [0x054a7f09, 0xd5f47d4d, 0x377036d8, 0xa5664f10],
  [0x3abe8fa9, 0xa6ee06db, 0x14acc9e2, 0x1c820ff2],
];

/** `(sin r − r) / r³` in z = r², |r| ≤ π/4. Error 2^-32.28. */
export const SIN_TAIL: readonly number[] = [-0.166666672, 0.00833337288, -0.000198502938, 2.80434847e-6];

/** `(cos r − 1 + r²/2) / r⁴` in z = r², |r| ≤ π/4. Error 2^-32.99. */
export const COS_TAIL: readonly number[] = [0.0416666456, -0.00138873106, 2.4432562e-5];

/** `(tanh x − x) / x³` in z = x², |x| ≤ 0.625. Error 2^-27.72. */
export const TANH_TAIL: readonly number[] = [-0.333332807, 0.133314118, -0.053737402, 0.0206321161, -0.00569772255];

/** `erf(x) / x − 1` in z = x², |x| ≤ 0.9375. Error 2^-30.12. */
export const ERF_CENTRE: readonly number[] = [
  0.128379166, -0.376126319, 0.112836741, -0.0268583372, 0.00519855786, -0.000811576785, 8.25975512e-5,
];

/** `log(1 − erf x)` for 0.9375 ≤ x ≤ 3.9375; weighed by 1 − erf x. Error 2^-29.27. */
export const ERF_TAIL: readonly number[] = [
  -0.000212818049, -1.1276077, -0.637291431, -0.103840619, 0.0221855547, -0.00303350715, 0.000195020155,
];

/** The 12 leading bits of 1/3. */
export const THIRD_HIGH = 0.333251953;

/** What they leave. */
export const THIRD_LOW = 8.13802108e-5;

/** `(atanh s − s − s³/3) / s⁵` in z = s², s = f / (2 + f) for √½ ≤ 1 + f ≤ √2. Error 2^-36.67. */
export const ATANH_TAIL: readonly number[] = [0.200000793, 0.142732829, 0.117154032];

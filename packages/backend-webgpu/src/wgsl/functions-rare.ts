import { isNan } from "./functions.ts";

/** The remainder with the sign of the dividend, exactly: one bit of the quotient at a time where it is large. */
const remainder = `fn tenon_rem(a: f32, b: f32) -> f32 {
  let n = bitcast<u32>(a) & 0x7fffffffu;
  let d = bitcast<u32>(b) & 0x7fffffffu;
  if (n >= 0x7f800000u || d > 0x7f800000u || d == 0u) { return bitcast<f32>(bitcast<u32>(a) | 0x7fc00000u); }
  if (n < d) { return a; }
  var shift = select(0u, countLeadingZeros(n) - 8u, n < 0x800000u);
  var e = select(i32(n >> 23u), 1 - i32(shift), n < 0x800000u);
  var r = select((n & 0x7fffffu) | 0x800000u, n << shift, n < 0x800000u);
  shift = select(0u, countLeadingZeros(d) - 8u, d < 0x800000u);
  let last = select(i32(d >> 23u), 1 - i32(shift), d < 0x800000u);
  let q = select((d & 0x7fffffu) | 0x800000u, d << shift, d < 0x800000u);
  for (; e > last; e--) {
    if (r >= q) { r -= q; }
    r <<= 1u;
  }
  if (r >= q) { r -= q; }
  let sign = bitcast<u32>(a) & 0x80000000u;
  if (r == 0u) { return bitcast<f32>(sign); }
  shift = countLeadingZeros(r) - 8u;
  r <<= shift;
  e -= i32(shift);
  let bits = select(r >> u32(1 - min(e, 1)), (r & 0x7fffffu) | (u32(max(e, 0)) << 23u), e >= 1);
  return bitcast<f32>(bits | sign);
}`;

/** Truncates, and saturates; NaN gives 0. */
const toInt = `fn tenon_i32(x: f32) -> i32 {
  if (${isNan("x")}) { return 0; }
  if (x >= 2147483648.0f) { return 2147483647; }
  if (x <= -2147483648.0f) { return -2147483647 - 1; }
  return i32(x);
}`;
const toUint = `fn tenon_u32(x: f32) -> u32 {
  if (${isNan("x")} || x <= 0.0f) { return 0u; }
  if (x >= 4294967296.0f) { return 0xffffffffu; }
  return u32(x);
}`;

/** To the nearest float16 or bfloat16, ties to even, as the bits of a float32. */
const roundHalf = `fn tenon_round16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let sign = bits & 0x80000000u;
  let size = bits & 0x7fffffffu;
  if (size >= 0x7f800000u) { return x; }
  if (size >= 0x477ff000u) { return bitcast<f32>(sign | tenon_infinity); }
  if (size < 0x38800000u) {
    let units = round(bitcast<f32>(size) * 16777216.0f);
    return bitcast<f32>(sign | bitcast<u32>(units * 5.9604644775390625e-8f));
  }
  return bitcast<f32>(sign | ((size + 0xfffu + ((size >> 13u) & 1u)) & 0xffffe000u));
}`;
const roundBrain = `fn tenon_roundb16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (${isNan("x")}) { return x; }
  return bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
}`;

const mulHigh = `fn tenon_mul_high(a: i32, b: i32) -> i32 {
  let x = bitcast<u32>(a);
  let y = bitcast<u32>(b);
  let low = (x & 0xffffu) * (y & 0xffffu);
  let one = (x >> 16u) * (y & 0xffffu) + (low >> 16u);
  let other = (x & 0xffffu) * (y >> 16u) + (one & 0xffffu);
  return bitcast<i32>((x >> 16u) * (y >> 16u) + (one >> 16u) + (other >> 16u));
}`;

/** By name: what writes the function. */
export const functions: Readonly<Record<string, () => string>> = {
  tenon_rem: () => remainder,
  tenon_i32: () => toInt,
  tenon_u32: () => toUint,
  tenon_round16: () => roundHalf,
  tenon_roundb16: () => roundBrain,
  tenon_mul_high: () => mulHigh,
};

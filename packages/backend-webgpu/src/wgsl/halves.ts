/** By name, what accessors call. In integers, since a device may flush subnormal floats to zero and assume that none is infinite. */
export const accessorFunctions: Readonly<Record<string, string>> = {
  // the bits of a binary16 as the float32 of the same value; all are normal there
  fromHalf: `fn fromHalf(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let size = bits & 0x7fffu;
  if (size < 0x400u) { return bitcast<f32>(sign | bitcast<u32>(f32(size) * 0x1p-24)); }
  if (size >= 0x7c00u) { return bitcast<f32>(sign | 0x7f800000u | (size << 13u)); }
  return bitcast<f32>(sign | ((size << 13u) + 0x38000000u));
}`,
  // the bits of a float32 that is a binary16 already
  toHalf: `fn toHalf(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x47800000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) { return sign | ((size - 0x38000000u) >> 13u); }
  return sign | (((size & 0x7fffffu) | 0x800000u) >> min(126u - (size >> 23u), 31u));
}`,
};

/** The same where the device has 16-bit floats of its own. */
export const nativeFunctions: Readonly<Record<string, string>> = {
  fromHalf: "fn fromHalf(bits: u32) -> f32 { return f32(bitcast<vec2<f16>>(bits).x); }",
  toHalf: "fn toHalf(value: f32) -> u32 { return bitcast<u32>(vec2<f16>(f16(value), f16())); }",
};

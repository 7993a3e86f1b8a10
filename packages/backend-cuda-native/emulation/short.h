// Floats of 16 bits, and float32 with less of its fraction, for libraries without a device.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

namespace emulation {

inline float bits(uint32_t x) {
  float y;
  memcpy(&y, &x, sizeof y);
  return y;
}
inline uint32_t bitsOf(float x) {
  uint32_t y;
  memcpy(&y, &x, sizeof y);
  return y;
}
/** Without the last bits of its fraction, to the nearest and ties to even. */
inline float shortened(float x, int dropped) {
  if (!isfinite(x)) return x;
  const uint32_t all = bitsOf(x), last = all >> dropped & 1;
  return bits((all + (1u << (dropped - 1)) - 1 + last) & ~((1u << dropped) - 1));
}

inline double fromBrain(uint16_t code) { return bits((uint32_t)code << 16); }
inline uint16_t toBrain(double value) {
  return (uint16_t)(bitsOf(isnan(value) ? NAN : shortened((float)value, 16)) >> 16);
}

inline double fromHalf(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                      : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                     : ldexp(fraction, -24);
  return half >> 15 ? -size : size;
}
inline uint16_t toHalf(double value) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  const double size = fabs(value);
  uint16_t code = 0x7c00;
  if (isnan(value)) code = 0x7e00;
  else if (size < 65520) {  // half way from the largest number to what would come next
    const int exponent = size < ldexp(1, -14) ? -14 : ilogb(size);
    const int units = (int)nearbyint(ldexp(size, 10 - exponent));
    code = (uint16_t)(((exponent + 14) << 10) + units);
  }
  return sign | code;
}

}  // namespace emulation

// CUDA C on a processor, for tests: what `cuda/source.ts` asks of a device. Kernels include this file; whoever runs them has
// `launch.h`, which watches them. Both find each other through `here`.
#pragma once
#include <math.h>
#include <string.h>

#include "atomics.h"
#include "matrix.h"
#include "memory.h"
#include "warpgroup.h"
#include "warps.h"

#define TENON_PRELUDE
typedef unsigned long long tenon_word;
#define TENON_INLINE static inline
#define TENON_KERNEL(name, threads) extern "C" __attribute__((visibility("default"))) void name(const tenon_word* table, int count)
#define TENON_SHARED(type, name, count) static emulation::Shared<type, count> name
#define TENON_TILES(name, count)                                                    \
  static_assert(count <= 12288, "a block has 48 KiB of shared memory without being asked"); \
  static emulation::Shared<unsigned, count> name
#define TENON_SLOT(type, name, word) const emulation::Slot<type> name(word)
#define TENON_THREAD emulation::here.thread
#define TENON_BLOCK emulation::here.block
#define __syncthreads() emulation::here.machine->barrier(__LINE__)

TENON_INLINE float tenon_float(unsigned bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
TENON_INLINE unsigned tenon_bits(float x) {
  unsigned bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
TENON_INLINE double tenon_double(unsigned long long bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
template <typename T>
void tenon_read_four(T* to, const emulation::Slot<T>& x, long long at) {
  for (int i = 0; i < 4; i++) to[i] = x[at + i];
}
template <typename T>
void tenon_write_four(const emulation::Slot<T>& x, long long at, const T* from) {
  for (int i = 0; i < 4; i++) x[at + i] = from[i];
}
TENON_INLINE int min(int a, int b) { return a < b ? a : b; }
TENON_INLINE int max(int a, int b) { return a > b ? a : b; }

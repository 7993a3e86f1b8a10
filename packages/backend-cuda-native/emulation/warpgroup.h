// What four warps do together, after PTX ISA 8.7, 9.7.15 "Asynchronous Warpgroup Level Matrix Instructions". Products are computed when
// they are waited for, the latest moment that a device may take, from what shared memory has then.
#pragma once
#include "matrix.h"

namespace emulation __attribute__((visibility("default"))) {

/** The array that descriptors are of. Addresses of shared memory begin here, not at 0. */
struct Window {
  static constexpr unsigned kFirst = 2048;
  void* values;
  Shadow* shadows;
  int words;
};
inline Window window;

/** A matrix in shared memory whose lines run along k, as "Matrix Descriptor Format" and "Swizzling Modes" say. */
struct Lines {
  unsigned begin, pitchOfEight, bytesOfLine;
  explicit Lines(unsigned long long descriptor) {
    const unsigned mode = (unsigned)(descriptor >> 62);
    begin = (unsigned)(descriptor & 0x3fff) << 4;
    pitchOfEight = (unsigned)(descriptor >> 32 & 0x3fff) << 4;
    bytesOfLine = mode == 0 ? 16 : 256u >> mode;
    if (mode == 0) here.machine->fail("a descriptor without a swizzle");
    if ((descriptor >> 49 & 7) != 0) here.machine->fail("a descriptor with a base offset");
  }
  /** Word `word` of the 32 bytes of k, of a line. */
  unsigned at(int line, int word) const {
    unsigned address = begin + (unsigned)line / 8 * pitchOfEight + (unsigned)line % 8 * bytesOfLine + (unsigned)word * 4;
    address ^= (address >> 7 & (bytesOfLine / 16 - 1)) << 4;
    const long long i = ((long long)address - Window::kFirst) / 4;
    const Place place = here.machine->placeAmong(window.values, window.shadows, i, window.words, sizeof(unsigned));
    if (!here.machine->reads(place)) return 0;
    if (i < kMostWords && unfenced[i] != 0) here.machine->fail("tensor cores read what no fence has passed on to them");
    return *(const unsigned*)place.bytes;
  }
};

/** Products of one thread that have begun. */
struct Begun {
  float* sums;
  unsigned long long a, b;
  void (*finish)(const Begun&);
};
constexpr int kMostBegun = 8;
struct Group {
  Begun begun[kMostBegun];
  int count, committed;
  bool open;
};
inline Group groups[1024];

/** The part of a thread: of two rows of its warp's 16, two of each 8 columns. */
template <typename Format, int kColumns>
void finishProduct(const Begun& product) {
  constexpr int kInWord = Format::kDepth / 8;
  const Lines a(product.a), b(product.b);
  const int warp = here.thread / kWarp % 4, lane = here.thread % kWarp;
  float x[2][8 * kInWord];
  for (int row = 0; row < 2; row++) {
    for (int word = 0; word < 8; word++) {
      const unsigned bits = a.at(warp * 16 + lane / 4 + row * 8, word);
      for (int i = 0; i < kInWord; i++) x[row][word * kInWord + i] = Format::at(bits, i);
    }
  }
  for (int part = 0; part < kColumns / 8; part++) {
    for (int column = 0; column < 2; column++) {
      for (int word = 0; word < 8; word++) {
        const unsigned bits = b.at(part * 8 + lane % 4 * 2 + column, word);
        for (int i = 0; i < kInWord; i++)
          for (int row = 0; row < 2; row++)
            product.sums[part * 4 + row * 2 + column] += x[row][word * kInWord + i] * Format::at(bits, i);
      }
    }
  }
}

inline void checkSame(void* const* lanes) {
  const auto first = (const Begun*)lanes[0];
  for (int lane = 1; lane < kWarp; lane++) {
    const auto other = (const Begun*)lanes[lane];
    if (other->a != first->a || other->b != first->b) here.machine->fail("lanes of a warp multiply different matrices");
  }
}

template <typename Format, int kColumns>
void beginProduct(float* sums, unsigned long long a, unsigned long long b) {
  Begun own = {sums, a, b, finishProduct<Format, kColumns>};
  here.machine->meet(~0u, checkSame, &own);
  Group& group = groups[here.thread];
  if (!group.open) here.machine->fail("a product of a warpgroup without the fence before it");
  if (group.count == kMostBegun) here.machine->fail("more products of a warpgroup than are waited for");
  else group.begun[group.count++] = own;
}

}  // namespace emulation

template <int N>
unsigned tenon_shared_address(emulation::Shared<unsigned, N>& tiles, int at) {
  emulation::window = {tiles.values, tiles.shadows, N};
  return emulation::Window::kFirst + (unsigned)at * 4;
}
inline void tenon_fence_stores() {
  for (unsigned short& thread : emulation::unfenced)
    if (thread == emulation::here.thread + 1) thread = 0;
}
template <int N>
void tenon_group_begin(float (&)[N]) {
  emulation::groups[emulation::here.thread].open = true;
}
inline void tenon_group_commit() {
  emulation::Group& group = emulation::groups[emulation::here.thread];
  group.committed = group.count;
  group.open = false;
}
template <int N>
void tenon_group_wait(float (&)[N]) {
  emulation::Group& group = emulation::groups[emulation::here.thread];
  for (int i = 0; i < group.committed; i++) group.begun[i].finish(group.begun[i]);
  group.count = group.committed = 0;
}

#define TENON_GROUP_MULTIPLY(name, Format, columns)                                                         \
  inline void tenon_group_multiply_##name##_##columns(float* sums, unsigned long long a, unsigned long long b) { \
    emulation::beginProduct<emulation::Format, columns>(sums, a, b);                                        \
  }
TENON_GROUP_MULTIPLY(bf16, Bf16, 128)
TENON_GROUP_MULTIPLY(bf16, Bf16, 256)
TENON_GROUP_MULTIPLY(f16, F16, 128)
TENON_GROUP_MULTIPLY(f16, F16, 256)
TENON_GROUP_MULTIPLY(tf32, Tf32, 128)
TENON_GROUP_MULTIPLY(tf32, Tf32, 256)
#undef TENON_GROUP_MULTIPLY

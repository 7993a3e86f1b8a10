// What tensor cores do, after PTX ISA 8.7: which elements of a matrix each lane has ("Matrix Fragments for mma.m16n8k16 with floating
// point type", "… for mma.m16n8k8"), and what ldmatrix gives to whom. Device code has the instructions in `src/cuda/matrix.ts`.
#pragma once
#include <math.h>
#include <string.h>

#include "memory.h"
#include "warps.h"

namespace emulation __attribute__((visibility("default"))) {

inline float floatOf(unsigned bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
inline unsigned bitsOf(float x) {
  unsigned bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/** What the numbers of an operand are. `at` is that with number `i` of a word; `kDepth` is how many of them a row of A has. */
struct Bf16 {
  static constexpr int kDepth = 16;
  static float at(unsigned word, int i) { return floatOf(i == 0 ? word << 16 : word & 0xffff0000u); }
};
struct F16 {
  static constexpr int kDepth = 16;
  static float at(unsigned word, int i) {
    const unsigned half = word >> 16 * i & 0xffffu, exponent = half >> 10 & 31u, fraction = half & 0x3ffu;
    const float size = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                       : exponent == 0 ? ldexpf((float)fraction, -24)
                                       : ldexpf((float)(1024 + fraction), (int)exponent - 25);
    return half & 0x8000u ? -size : size;
  }
};
/** Of a float32 the last 13 bits are ignored. */
struct Tf32 {
  static constexpr int kDepth = 8;
  static float at(unsigned word, int) { return floatOf(word & 0xffffe000u); }
};

/** The registers of a lane for `c += a·b`. */
struct Fragments {
  float* c;
  const unsigned *a, *b;
};

template <typename Format>
void multiplyAll(void* const* lanes) {
  constexpr int kDepth = Format::kDepth, kInWord = kDepth / 8;
  float a[16][kDepth], b[kDepth][8];
  for (int lane = 0; lane < kWarp; lane++) {
    const auto own = (const Fragments*)lanes[lane];
    const int group = lane / 4, place = lane % 4;
    for (int i = 0; i < 4 * kInWord; i++) {
      const int word = i / kInWord, half = i % kInWord;
      const int row = group + word % 2 * 8, k = place * kInWord + half + word / 2 * 4 * kInWord;
      a[row][k] = Format::at(own->a[word], half);
      if (word < 2) b[place * kInWord + half + word * 4 * kInWord][group] = Format::at(own->b[word], half);
    }
  }
  for (int lane = 0; lane < kWarp; lane++) {
    for (int i = 0; i < 4; i++) {
      float& sum = ((const Fragments*)lanes[lane])->c[i];
      const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      for (int k = 0; k < kDepth; k++) sum += a[row][k] * b[k][column];
    }
  }
}

template <typename Format>
void multiply(float* c, const unsigned* a, const unsigned* b) {
  Fragments own = {c, a, b};
  here.machine->meet(~0u, multiplyAll<Format>, &own);
}

/** A row of 16 bytes that a lane brings, and the words that it gets. */
struct Rows {
  unsigned row[4];
  unsigned* to;
};

inline void giveRows(void* const* lanes) {
  for (int lane = 0; lane < kWarp; lane++)
    for (int matrix = 0; matrix < 4; matrix++)
      ((Rows*)lanes[lane])->to[matrix] = ((const Rows*)lanes[8 * matrix + lane / 4])->row[lane % 4];
}

/** Matrices of 16-bit numbers, transposed: a lane's word has two of a column. */
inline void giveColumns(void* const* lanes) {
  for (int lane = 0; lane < kWarp; lane++) {
    for (int matrix = 0; matrix < 4; matrix++) {
      unsigned word = 0;
      for (int i = 0; i < 2; i++) {
        const auto from = (const Rows*)lanes[8 * matrix + lane % 4 * 2 + i];
        word |= (from->row[lane / 8] >> lane / 4 % 2 * 16 & 0xffffu) << i * 16;
      }
      ((Rows*)lanes[lane])->to[matrix] = word;
    }
  }
}

/** Bits of a float whose fraction is rounded to `kept` bits, ties to even, with the exponents of float32. */
inline unsigned roundedBits(float x, int kept) {
  const int dropped = 23 - kept;
  const unsigned bits = bitsOf(x);
  if (x != x) return 0x7fffffffu;
  return (bits + (1u << (dropped - 1)) - 1 + (bits >> dropped & 1u)) >> dropped << dropped;
}

/** Bits of the nearest float16. */
inline unsigned halfBits(float x) {
  if (x != x) return 0x7fffu;
  const unsigned sign = bitsOf(x) >> 16 & 0x8000u;
  const float size = fabsf(x);
  if (size >= 65520.0f) return sign | 0x7c00u;  // between the largest float16 and 2¹⁶
  int exponent = size == 0 ? -14 : ilogbf(size);
  if (exponent < -14) exponent = -14;
  const unsigned units = (unsigned)rintf(ldexpf(size, 10 - exponent));
  return sign | (units < 1024 ? units : ((unsigned)(exponent + 15) << 10) + units - 1024);
}

/** By word of shared memory, the thread that stored it and has not passed it on to tensor cores since, and 1 more. */
constexpr int kMostWords = 16384;
inline unsigned short unfenced[kMostWords];

inline void markStore(int at) {
  if (at >= 0 && at < kMostWords) unfenced[at] = (unsigned short)(here.thread + 1);
}

/** Four words on their way into shared memory, which come when they are waited for. */
struct Copy {
  Place to[4];
  unsigned words[4];
};
constexpr int kMostCopies = 16;
struct Copies {
  Copy begun[kMostCopies];
  int count;
};
inline Copies copies[1024];

inline void checkAlignment(const void* bytes) {
  if (bytes != nullptr && (uintptr_t)bytes % 16 != 0) here.machine->fail("16 bytes at once that are not aligned");
}

}  // namespace emulation

inline void tenon_multiply_bf16(float* c, const unsigned* a, const unsigned* b) { emulation::multiply<emulation::Bf16>(c, a, b); }
inline void tenon_multiply_f16(float* c, const unsigned* a, const unsigned* b) { emulation::multiply<emulation::F16>(c, a, b); }
inline void tenon_multiply_tf32(float* c, const unsigned* a, const unsigned* b) { emulation::multiply<emulation::Tf32>(c, a, b); }
inline unsigned tenon_pack_bf16(float low, float high) {
  return emulation::roundedBits(low, 7) >> 16 | (emulation::roundedBits(high, 7) & 0xffff0000u);
}
inline unsigned tenon_pack_f16(float low, float high) { return emulation::halfBits(low) | emulation::halfBits(high) << 16; }

/** Brings a row of 16 bytes, and gets what the exchange gives. */
template <int N>
void tenon_load_rows(unsigned* to, emulation::Shared<unsigned, N>& tiles, int at, emulation::Exchange exchange) {
  emulation::Rows own;
  emulation::checkAlignment(tiles[at].bytes);
  for (int i = 0; i < 4; i++) own.row[i] = tiles[at + i];
  own.to = to;
  emulation::here.machine->meet(~0u, exchange, &own);
}
template <int N>
void tenon_load_matrices(unsigned* to, emulation::Shared<unsigned, N>& tiles, int at) {
  tenon_load_rows(to, tiles, at, emulation::giveRows);
}
template <int N>
void tenon_load_transposed(unsigned* to, emulation::Shared<unsigned, N>& tiles, int at) {
  tenon_load_rows(to, tiles, at, emulation::giveColumns);
}
/** As coarse as a device may be. */
inline float tenon_power_of_two(float x) { return (float)(exp2((double)x) * (1 + 0x1p-22)); }
template <int N>
void tenon_store_four(emulation::Shared<unsigned, N>& tiles, int at, const unsigned* words) {
  emulation::checkAlignment(tiles[at].bytes);
  for (int i = 0; i < 4; i++) {
    tiles[at + i] = words[i];
    emulation::markStore(at + i);
  }
}
template <typename T>
void tenon_load_four(unsigned* words, const emulation::Slot<T>& from, long long at) {
  emulation::checkAlignment(from[at].bytes);
  T parts[16 / sizeof(T)];
  for (int i = 0; i < (int)(16 / sizeof(T)); i++) parts[i] = from[at + i];
  memcpy(words, parts, sizeof parts);
}
/** Without `inside` nothing is read. What comes later may come at once, so that nobody else may be at the place from here on. */
template <int N, typename T>
void tenon_copy_four(emulation::Shared<unsigned, N>& tiles, int at, const emulation::Slot<T>& from, long long place, bool inside) {
  emulation::Copies& copies = emulation::copies[emulation::here.thread];
  if (copies.count == emulation::kMostCopies) return emulation::here.machine->fail("more copies than are waited for");
  emulation::Copy& copy = copies.begun[copies.count++];
  emulation::checkAlignment(tiles[at].bytes);
  for (int i = 0; i < 4; i++) {
    copy.to[i] = tiles[at + i], copy.words[i] = 0;
    emulation::here.machine->writes(copy.to[i]);
  }
  if (inside) tenon_load_four(copy.words, from, place);
}
inline void tenon_wait_copies() {
  emulation::Copies& copies = emulation::copies[emulation::here.thread];
  for (int c = 0; c < copies.count; c++) {
    for (int i = 0; i < 4; i++) {
      const emulation::Place& to = copies.begun[c].to[i];
      if (!emulation::here.machine->writes(to)) continue;
      *(unsigned*)to.bytes = copies.begun[c].words[i];
      emulation::markStore((int)to.at);
    }
  }
  copies.count = 0;
}
template <int N, typename T, int M>
void tenon_read(T* to, emulation::Shared<T, M>& from, int at) {
  if (at % N != 0) emulation::here.machine->fail("elements at once that are not aligned");
  for (int i = 0; i < N; i++) to[i] = from[at + i];
}

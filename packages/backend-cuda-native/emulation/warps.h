// What the lanes of a warp do together: shuffles, votes and synchronisation, as the CUDA C++ Programming Guide has them ("Warp
// Shuffle Functions", "Warp Vote Functions"). All lanes that a mask names must come; what is read must come from one of them.
#pragma once
#include <string.h>

#include "memory.h"

namespace emulation __attribute__((visibility("default"))) {

constexpr int kWarp = 32;

/** What a lane brings to a shuffle: bits of its value, whose lane it wants, and what it gets. */
struct Shuffled {
  unsigned long long value;
  int from;
  unsigned long long result;
};

inline void shuffleAll(void* const* lanes) {
  for (int lane = 0; lane < kWarp; lane++) {
    auto own = (Shuffled*)lanes[lane];
    if (own == nullptr) continue;
    const auto other = (const Shuffled*)lanes[own->from];
    if (other != nullptr) own->result = other->value;
    else here.machine->fail("a shuffle reads from a lane that takes no part");
  }
}

template <typename T>
T shuffle(unsigned mask, T value, int from) {
  static_assert(sizeof(T) <= sizeof(unsigned long long));
  Shuffled own = {0, from, 0};
  memcpy(&own.value, &value, sizeof value);
  here.machine->meet(mask, shuffleAll, &own);
  memcpy(&value, &own.result, sizeof value);
  return value;
}

/** The first lane of the part of `width` lanes that this thread is in. */
inline int partOf(int width) { return here.thread % kWarp & ~(width - 1); }

/** Bits of the lanes for which a condition holds. */
struct Vote {
  bool yes;
  unsigned ballot;
};

inline void countVotes(void* const* lanes) {
  unsigned ballot = 0;
  for (int lane = 0; lane < kWarp; lane++)
    if (lanes[lane] != nullptr && ((Vote*)lanes[lane])->yes) ballot |= 1u << lane;
  for (int lane = 0; lane < kWarp; lane++)
    if (lanes[lane] != nullptr) ((Vote*)lanes[lane])->ballot = ballot;
}

inline unsigned vote(unsigned mask, bool yes) {
  Vote own = {yes, 0};
  here.machine->meet(mask, countVotes, &own);
  return own.ballot;
}

inline void nothing(void* const*) {}

}  // namespace emulation

/** A lane outside of its part gets its own value. */
template <typename T>
T __shfl_sync(unsigned mask, T value, int from, int width = emulation::kWarp) {
  return emulation::shuffle(mask, value, emulation::partOf(width) + (from & (width - 1)));
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, int delta, int width = emulation::kWarp) {
  const int lane = emulation::here.thread % emulation::kWarp, from = lane - delta;
  return emulation::shuffle(mask, value, from < emulation::partOf(width) ? lane : from);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, int delta, int width = emulation::kWarp) {
  const int lane = emulation::here.thread % emulation::kWarp, from = lane + delta;
  return emulation::shuffle(mask, value, from >= emulation::partOf(width) + width ? lane : from);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = emulation::kWarp) {
  const int lane = emulation::here.thread % emulation::kWarp, from = lane ^ bits;
  return emulation::shuffle(mask, value, from >= emulation::partOf(width) + width ? lane : from);
}
inline unsigned __ballot_sync(unsigned mask, bool yes) { return emulation::vote(mask, yes); }
inline bool __any_sync(unsigned mask, bool yes) { return emulation::vote(mask, yes) != 0; }
inline bool __all_sync(unsigned mask, bool yes) { return emulation::vote(mask, yes) == mask; }
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  emulation::here.machine->meet(mask, emulation::nothing, &mask);
  emulation::here.machine->order(mask);
}

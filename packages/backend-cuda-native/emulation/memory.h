// Memory as kernels see it: pointers into allocations, and arrays that the threads of a block share. Every access is told to the
// machine, so that what is compiled with each kernel is little.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace emulation __attribute__((visibility("default"))) {

/** The threads, from the first to the last, that have touched an element between two barriers, and when. */
struct Touch {
  uint32_t launch;
  int32_t block, first, last;
  /** Barriers that the block, and synchronisations that the warp of these threads, had come to before. */
  int32_t phase, step;
};

/** What happened to an element of memory. Zeros are nothing: the first launch has number 1. */
struct Shadow {
  Touch write, read;
  /** Whether the write was atomic, which may come before or after others of its kind. */
  bool atomic;
};

struct Allocation {
  uintptr_t begin, end;
  /** One for each byte. */
  Shadow* shadows;
};

/** Somewhere in memory: element `at` of what a kernel has there. Without bytes it is nowhere. */
struct Place {
  char* bytes;
  Shadow* shadow;
  long long at;
  bool shared;
};

/** What is done once for all lanes that meet: `lanes[i]` is what lane i has brought, null where it takes no part. */
typedef void (*Exchange)(void* const* lanes);

/** What watches the threads that run. */
struct Machine {
  virtual const Allocation* homeOf(unsigned long long word) = 0;
  virtual Place placeIn(const Allocation* home, uintptr_t first, long long i, size_t size) = 0;
  virtual Place placeAmong(void* values, Shadow* shadows, long long i, int count, size_t size) = 0;
  /** These give whether there is anything to read or write. */
  virtual bool reads(const Place& place) = 0;
  virtual bool writes(const Place& place) = 0;
  virtual bool updates(const Place& place) = 0;
  /** Waits for all threads of the block; the line tells barriers from each other. */
  virtual void barrier(int line) = 0;
  /** Waits for all lanes that the mask names, which must come with the same mask and exchange. */
  virtual void meet(unsigned mask, Exchange exchange, void* brought) = 0;
  /** What the lanes of the mask, which have met, did before comes before what they do from here on. */
  virtual void order(unsigned mask) = 0;
  virtual void fail(const char* what) = 0;

 protected:
  ~Machine() = default;
};

typedef void (*Kernel)(const unsigned long long* table, int count);

/** Who runs. */
struct Here {
  Machine* machine;
  int block, thread;
};

/** One for the whole process, whatever libraries kernels are in. */
inline Here here;

/** What `&x[i]` is of an element that is watched. */
template <typename T>
struct Reference : Place {};

template <typename T>
struct Element : Place {
  operator T() const { return here.machine->reads(*this) ? *(const T*)bytes : T(); }
  T operator=(T value) const {
    if (here.machine->writes(*this)) *(T*)bytes = value;
    return value;
  }
  T operator=(const Element& other) const { return *this = (T)other; }
  Reference<T> operator&() const { return {*this}; }
};

/** A pointer into an allocation. */
template <typename T>
struct Slot {
  uintptr_t first;
  const Allocation* home;
  explicit Slot(unsigned long long word) : first((uintptr_t)word), home(here.machine->homeOf(word)) {}
  Element<T> operator[](long long i) const { return {here.machine->placeIn(home, first, i, sizeof(T))}; }
  Reference<T> operator+(long long i) const { return &(*this)[i]; }
};

/** An array that the threads of a block share. What a block has left there is nobody's. */
template <typename T, int N>
struct Shared {
  alignas(16) T values[N];
  Shadow shadows[N];
  Element<T> operator[](long long i) { return {here.machine->placeAmong(values, shadows, i, N, sizeof(T))}; }
  Reference<T> operator+(long long i) { return &(*this)[i]; }
};

}  // namespace emulation

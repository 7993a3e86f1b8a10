// CUDA C on a processor: blocks one after another, their threads in turns from one barrier to the next. Every access to memory
// is checked: that it lies inside of an allocation, and that no other thread of the launch touches the element in a way that
// depends on which comes first. The first fault of a launch is kept as text.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include <memory>
#include <string>
#include <vector>

namespace emulation __attribute__((visibility("default"))) {

/** Who touched an element last, in which launch and between which barriers. */
struct Touch {
  uint32_t launch = 0;
  int32_t block = -1, thread = -1, phase = -1;
};

struct Shadow {
  Touch write, read;
};

/** Memory of the device. */
struct Allocation {
  uintptr_t begin, end;
  std::vector<Shadow> shadows;
};

/** What the threads of a block share with each other and the host. */
struct Machine {
  std::vector<Allocation> allocations;
  uint32_t launch = 0;
  int block = 0, thread = 0, phase = 0;
  std::string fault;
  ucontext_t scheduler;
  ucontext_t* running = nullptr;

  void fail(const char* what, size_t at) {
    if (!fault.empty()) return;
    char text[160];
    snprintf(text, sizeof text, "%s at element %zu by thread %d of block %d", what, at, thread, block);
    fault = text;
  }

  Allocation* find(uintptr_t address) {
    for (Allocation& a : allocations)
      if (address >= a.begin && address <= a.end) return &a;
    return nullptr;
  }

  /** Whether what was done there came before, whatever the order of threads; each block has shared memory of its own. */
  bool ordered(const Touch& t, bool shared) const {
    if (t.launch != launch) return true;
    if (t.block != block) return shared;
    return t.thread == thread || t.phase < phase;
  }

  void read(Shadow& s, size_t at, bool shared) {
    if (!ordered(s.write, shared)) fail("a read races with a write", at);
    s.read = {launch, block, thread, phase};
  }

  void write(Shadow& s, size_t at, bool shared) {
    if (!ordered(s.write, shared)) fail("two threads write", at);
    if (!ordered(s.read, shared)) fail("a write races with a read", at);
    s.write = {launch, block, thread, phase};
  }
};

/** One for the whole process, whatever libraries kernels are in. */
inline Machine machine;

/** An element of memory that is watched. */
template <typename T>
struct Element {
  T* place;
  Shadow* shadow;
  size_t at;
  bool shared;
  operator T() const {
    if (place == nullptr) return T();
    machine.read(*shadow, at, shared);
    return *place;
  }
  T operator=(T value) {
    if (place == nullptr) return value;
    machine.write(*shadow, at, shared);
    return *place = value;
  }
  T operator=(const Element& other) { return *this = (T)other; }
};

/** A pointer into an allocation. */
template <typename T>
struct Slot {
  T* first;
  Allocation* home;
  explicit Slot(unsigned long long word) : first((T*)word), home(machine.find((uintptr_t)word)) {
    if (home == nullptr) machine.fail("a slot is outside of all allocations", 0);
  }
  Element<T> operator[](long long i) const {
    const uintptr_t place = (uintptr_t)(first + i);
    if (home == nullptr || place < home->begin || place + sizeof(T) > home->end) {
      machine.fail("an access outside of the allocation", (size_t)i);
      return {nullptr, nullptr, 0, false};
    }
    return {first + i, &home->shadows[(place - home->begin) / sizeof(T)], (size_t)i, false};
  }
};

/** An array that the threads of a block share. What a block has left there is nobody's. */
template <typename T, int N>
struct Shared {
  T values[N];
  Shadow shadows[N];
  Element<T> operator[](int i) {
    if (i < 0 || i >= N) {
      machine.fail("an access outside of shared memory", (size_t)i);
      return {nullptr, nullptr, 0, false};
    }
    return {values + i, shadows + i, (size_t)i, true};
  }
};

inline void barrier() { swapcontext(machine.running, &machine.scheduler); }

typedef void (*Kernel)(const unsigned long long* table, int count);

/** One thread of a block, on a stack of its own. */
struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStack]};
  bool done = true;
  static constexpr size_t kStack = 64 * 1024;
};

struct Call {
  Kernel kernel;
  const unsigned long long* table;
  int count;
};
inline Call call;
inline std::vector<Fiber> fibers;

inline void enter() {
  call.kernel(call.table, call.count);
  fibers[machine.thread].done = true;
}

/** Runs all blocks; gives the first fault, or an empty text. */
inline std::string launch(Kernel kernel, int blocks, int threads, const unsigned long long* table, int count) {
  machine.launch++;
  machine.fault.clear();
  call = {kernel, table, count};
  if ((int)fibers.size() < threads) fibers.resize(threads);
  for (machine.block = 0; machine.block < blocks; machine.block++) {
    machine.phase = 0;
    for (int t = 0; t < threads; t++) {
      Fiber& fiber = fibers[t];
      getcontext(&fiber.context);
      fiber.context.uc_stack.ss_sp = fiber.stack.get();
      fiber.context.uc_stack.ss_size = Fiber::kStack;
      fiber.context.uc_link = &machine.scheduler;
      makecontext(&fiber.context, enter, 0);
      fiber.done = false;
    }
    for (int left = threads; left > 0; machine.phase++) {
      const int before = left;
      int waiting = 0;
      // the last thread first: whoever relies on an order among threads shall fail
      for (int t = threads - 1; t >= 0; t--) {
        if (fibers[t].done) continue;
        machine.thread = t;
        machine.running = &fibers[t].context;
        swapcontext(&machine.scheduler, &fibers[t].context);
        if (fibers[t].done) left--;
        else waiting++;
      }
      if (waiting > 0 && left < before) machine.fail("some threads are at a barrier and others have returned", 0);
    }
  }
  return machine.fault;
}

}  // namespace emulation

#define TENON_PRELUDE
typedef unsigned long long tenon_word;
#define TENON_INLINE static inline
#define TENON_KERNEL(name, threads) extern "C" __attribute__((visibility("default"))) void name(const tenon_word* table, int count)
#define TENON_SHARED(type, name, count) static emulation::Shared<type, count> name
#define TENON_SLOT(type, name, word) const emulation::Slot<type> name(word)
#define TENON_THREAD emulation::machine.thread
#define TENON_BLOCK emulation::machine.block
#define __syncthreads() emulation::barrier()

template <typename To, typename From>
static inline To tenon_cast_bits(From from) {
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
TENON_INLINE float tenon_float(unsigned bits) { return tenon_cast_bits<float>(bits); }
TENON_INLINE unsigned tenon_bits(float x) { return tenon_cast_bits<unsigned>(x); }
TENON_INLINE double tenon_double(unsigned long long bits) { return tenon_cast_bits<double>(bits); }
TENON_INLINE int min(int a, int b) { return a < b ? a : b; }
TENON_INLINE int max(int a, int b) { return a > b ? a : b; }

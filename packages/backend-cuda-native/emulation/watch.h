// Memory of the device, and who touched it last. A fault is an access outside of memory, or one whose result depends on which
// thread comes first; the first of a launch is kept.
#pragma once
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "memory.h"
#include "warps.h"

namespace emulation __attribute__((visibility("default"))) {

constexpr int kMostThreads = 1024;

class Watch : public Machine {
 public:
  std::string fault;

  /** False where the process has no room for the shadows, of which there is one for each byte: elements of any size begin there. */
  bool allocate(uintptr_t begin, size_t bytes) {
    const size_t size = (bytes + 1) * sizeof(Shadow);
    // pages come when they are touched, and are not counted before
    void* made = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) return false;
    const auto shadows = (Shadow*)made;
    allocations_.insert_or_assign(begin, Owned{{begin, begin + bytes, shadows}, {shadows, {size}}});
    return true;
  }
  void release(uintptr_t begin) { allocations_.erase(begin); }
  void releaseAll() { allocations_.clear(); }

  const Allocation* homeOf(unsigned long long word) final {
    const auto after = allocations_.upper_bound((uintptr_t)word);
    const Allocation* before = after == allocations_.begin() ? nullptr : &std::prev(after)->second.allocation;
    if (before != nullptr && (uintptr_t)word <= before->end) return before;
    fail("a slot is outside of all allocations");
    return nullptr;
  }

  Place placeIn(const Allocation* home, uintptr_t first, long long i, size_t size) final {
    const uintptr_t place = first + (uintptr_t)(i * (long long)size);
    if (home != nullptr && place >= home->begin && place + size <= home->end)
      return {(char*)place, home->shadows + (place - home->begin), i, false};
    failAt("an access outside of the allocation", i);
    return {nullptr, nullptr, i, false};
  }

  Place placeAmong(void* values, Shadow* shadows, long long i, int count, size_t size) final {
    if (i >= 0 && i < count) return {(char*)values + i * (long long)size, shadows + i, i, true};
    failAt("an access outside of shared memory", i);
    return {nullptr, nullptr, i, true};
  }

  bool reads(const Place& p) final {
    if (p.bytes == nullptr) return false;
    Touch& last = p.shadow->read;
    if (!ordered(p.shadow->write, p.shared)) failAt("a read races with a write", p.at);
    const Touch before = last;
    last = now();
    if (ordered(before, p.shared)) return true;
    last.first = std::min(before.first, last.first);
    last.last = std::max(before.last, last.last);
    return true;
  }

  bool writes(const Place& p) final {
    if (p.bytes == nullptr) return false;
    if (!ordered(p.shadow->write, p.shared)) failAt("two threads write", p.at);
    if (!ordered(p.shadow->read, p.shared)) failAt("a write races with a read", p.at);
    p.shadow->write = now();
    p.shadow->atomic = false;
    return true;
  }

  bool updates(const Place& p) final {
    if (p.bytes == nullptr) return false;
    if (!ordered(p.shadow->write, p.shared) && !p.shadow->atomic) failAt("an atomic operation races with a write", p.at);
    if (!ordered(p.shadow->read, p.shared)) failAt("an atomic operation races with a read", p.at);
    p.shadow->write = now();
    p.shadow->atomic = true;
    return true;
  }

  void order(unsigned mask) final {
    if (mask == lanesOf(here.thread / kWarp)) steps_[here.thread]++;
  }

  void fail(const char* what) final {
    if (fault.empty())
      fault = std::string(what) + " by thread " + std::to_string(here.thread) + " of block " + std::to_string(here.block);
  }

 protected:
  void startLaunch(int threads) {
    launch_++;
    threads_ = threads;
    fault.clear();
  }
  void startBlock() {
    phase_ = 0;
    std::fill(steps_, steps_ + threads_, 0);
  }
  void nextPhase() { phase_++; }

  /** Bits of the lanes that a warp has. */
  unsigned lanesOf(int warp) const {
    const int lanes = std::min(kWarp, threads_ - warp * kWarp);
    return lanes == kWarp ? ~0u : (1u << lanes) - 1;
  }

 private:
  struct Unmap {
    size_t size;
    void operator()(Shadow* shadows) const { munmap(shadows, size); }
  };
  struct Owned {
    Allocation allocation;
    std::unique_ptr<Shadow, Unmap> shadows;
  };

  /** Whether what was done there came before, whatever the order of threads; each block has shared memory of its own. */
  bool ordered(const Touch& t, bool shared) const {
    if (t.launch != launch_) return true;
    if (t.block != here.block) return shared;
    if (t.phase < phase_ || (t.first == here.thread && t.last == here.thread)) return true;
    const int warp = here.thread / kWarp;
    return t.first / kWarp == warp && t.last / kWarp == warp && t.step < steps_[here.thread];
  }

  Touch now() const { return {launch_, here.block, here.thread, here.thread, phase_, steps_[here.thread]}; }

  void failAt(const char* what, long long at) { fail((std::string(what) + " at element " + std::to_string(at)).c_str()); }

  /** By where they begin. */
  std::map<uintptr_t, Owned> allocations_;
  uint32_t launch_ = 0;
  int threads_ = 0, phase_ = 0;
  /** How often each thread has been ordered with all others of its warp. */
  int steps_[kMostThreads] = {};
};

}  // namespace emulation

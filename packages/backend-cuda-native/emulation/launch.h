// Runs kernels: blocks one after another, the threads of a block in turns, from one barrier to the next, and inside of a warp from
// one meeting of its lanes to the next. The last thread comes first: whoever relies on an order among threads shall fail.
#pragma once
#include <ucontext.h>

#include <vector>

#include "watch.h"

namespace emulation __attribute__((visibility("default"))) {

/** A stack for a thread that has to wait, or for several, one after the other, that need not. */
struct Stack {
  static constexpr size_t kBytes = 128 * 1024;
  ucontext_t context;
  std::unique_ptr<char[]> bytes{new char[kBytes]};
};

enum class State { fresh, ready, atBarrier, meets, done };

struct Thread {
  State state;
  /** Of the barrier. */
  int line;
  unsigned mask;
  Exchange exchange;
  void* brought;
  Stack* stack;
};

class Launcher final : public Watch {
 public:
  /** Runs all blocks; gives the first fault, or an empty text. */
  std::string launch(Kernel kernel, int blocks, int threads, const unsigned long long* table, int count) {
    here.machine = this;
    kernel_ = kernel;
    table_ = table;
    count_ = count;
    all_.resize((size_t)threads);
    startLaunch(threads);
    for (here.block = 0; here.block < blocks; here.block++) {
      startBlock();
      for (Thread& thread : all_) thread.state = State::fresh;
      do {
        for (int begin = (threads - 1) / kWarp * kWarp; begin >= 0; begin -= kWarp)
          runWarp(begin, std::min(begin + kWarp, threads));
        here.thread = 0;
        nextPhase();
      } while (leaveBarrier());
    }
    return fault;
  }

  void barrier(int line) override {
    self().line = line;
    wait(State::atBarrier);
  }

  void meet(unsigned mask, Exchange exchange, void* brought) override {
    if ((mask >> here.thread % kWarp & 1) == 0) fail("a lane is not in its own mask");
    Thread& thread = self();
    thread.mask = mask;
    thread.exchange = exchange;
    thread.brought = brought;
    wait(State::meets);
  }

 private:
  Thread& self() { return all_[(size_t)here.thread]; }

  void wait(State state) {
    Thread& thread = self();
    thread.state = state;
    thread.stack = running_;
    swapcontext(&thread.stack->context, &context_);
  }

  /** On a stack: a thread, then those of its warp before it that have not begun. */
  static void enter() {
    const auto launcher = static_cast<Launcher*>(here.machine);
    for (;;) {
      launcher->self().state = State::ready;
      launcher->kernel_(launcher->table_, launcher->count_);
      launcher->self().state = State::done;
      if (here.thread % kWarp == 0 || launcher->all_[(size_t)here.thread - 1].state != State::fresh) return;
      here.thread--;
    }
  }

  /** Runs a thread until it waits or is done. */
  void resume(int number) {
    here.thread = number;
    if (self().state == State::fresh) {
      running_ = takeStack();
      getcontext(&running_->context);
      running_->context.uc_stack.ss_sp = running_->bytes.get();
      running_->context.uc_stack.ss_size = Stack::kBytes;
      running_->context.uc_link = &context_;
      makecontext(&running_->context, enter, 0);
    } else {
      running_ = self().stack;
    }
    swapcontext(&context_, &running_->context);
    if (self().state == State::done) idle_.push_back(running_);
  }

  Stack* takeStack() {
    if (idle_.empty()) {
      stacks_.push_back(std::make_unique<Stack>());
      return stacks_.back().get();
    }
    Stack* stack = idle_.back();
    idle_.pop_back();
    return stack;
  }

  /** Runs the lanes of a warp until each is at a barrier or done. */
  void runWarp(int begin, int end) {
    const auto any = [&](State state) {
      return std::any_of(all_.begin() + begin, all_.begin() + end, [=](const Thread& t) { return t.state == state; });
    };
    for (;;) {
      for (int t = end - 1; t >= begin; t--)
        if (all_[(size_t)t].state == State::fresh || all_[(size_t)t].state == State::ready) resume(t);
      if (!any(State::meets)) return;
      bool met = false;
      for (int t = begin; t < end; t++)
        if (all_[(size_t)t].state == State::meets) met = letGo(t, begin, end) || met;
      if (met) continue;
      fail("some lanes of a warp wait for others that do not come");
      for (int t = begin; t < end; t++)
        if (all_[(size_t)t].state == State::meets) all_[(size_t)t].state = State::ready;
    }
  }

  /** Whether all are there that a lane waits for; then they go on. */
  bool letGo(int number, int begin, int end) {
    const Thread& first = all_[(size_t)number];
    void* lanes[kWarp] = {};
    bool alike = true;
    for (int lane = 0; lane < kWarp; lane++) {
      if ((first.mask >> lane & 1) == 0) continue;
      if (begin + lane >= end) return false;
      const Thread& other = all_[(size_t)(begin + lane)];
      if (other.state != State::meets || other.mask != first.mask) return false;
      alike = alike && other.exchange == first.exchange;
      lanes[lane] = other.brought;
    }
    here.thread = number;
    if (alike) first.exchange(lanes);
    else fail("lanes of a warp meet for different things");
    for (int lane = 0; lane < kWarp; lane++)
      if ((first.mask >> lane & 1) != 0) all_[(size_t)(begin + lane)].state = State::ready;
    return true;
  }

  /** Whether threads wait at a barrier, where all must be; then they go on. */
  bool leaveBarrier() {
    const Thread* waiting = nullptr;
    bool returned = false;
    for (Thread& thread : all_) {
      if (thread.state == State::done) returned = true;
      if (thread.state != State::atBarrier) continue;
      if (waiting != nullptr && waiting->line != thread.line) fail("threads are at different barriers");
      waiting = &thread;
      thread.state = State::ready;
    }
    if (waiting != nullptr && returned) fail("some threads are at a barrier and others have returned");
    return waiting != nullptr;
  }

  Kernel kernel_ = nullptr;
  const unsigned long long* table_ = nullptr;
  int count_ = 0;
  std::vector<Thread> all_;
  ucontext_t context_ = {};
  std::vector<std::unique_ptr<Stack>> stacks_;
  std::vector<Stack*> idle_;
  Stack* running_ = nullptr;
};

}  // namespace emulation

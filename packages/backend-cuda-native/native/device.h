#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "computations.h"
#include "driver.h"
#include "owned.h"
#include "products.h"

namespace tenon {

struct DeviceFacts {
  std::string name;
  int major, minor, multiprocessors, sharedBytes;
  size_t totalBytes;
};

/** Commands of a plan, one after the other, as numbers: see `Device::enqueue`. */
using Commands = std::span<const double>;

/** A plan that one call starts. */
struct Recorded {
  Owned<cu::GraphExec> exec;
};

/** Memory of the host that the device may read and write by itself. */
struct Pinned {
  char* data;
  size_t bytes;
  Owned<cu::Event> done;
  bool inUse;
};

/**
 * One GPU: its primary context, a stream for what is computed and one for what is brought in meanwhile. Every call may be made
 * from one thread only, but for `wait`.
 */
class Device {
 public:
  Device(std::shared_ptr<const Driver> driver, int ordinal);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceFacts& facts() const { return facts_; }
  std::pair<size_t, size_t> memory() const;

  cu::Pointer alloc(size_t bytes);
  void free(cu::Pointer address);

  /** Copies bytes in, after all that was enqueued before; `apart`, beside it: then nothing enqueued may use the memory. */
  void write(cu::Pointer to, const void* from, size_t bytes, bool apart);
  /** Begins to copy bytes out. They are there when `wait` has returned; then `giveBack` must be called. */
  Pinned* read(cu::Pointer from, size_t bytes);
  void wait(const Pinned& pinned) const;
  void giveBack(Pinned* pinned);

  /** The number of a kernel in a program's code. */
  int load(const std::vector<char>& code, const std::vector<std::string>& names);
  void unload(int first);

  /** From here on products are computed by the library. */
  void open(std::shared_ptr<const Blas> blas);
  /** The products of the library that was opened; its calls want this device. */
  Products& products();
  /** The same for graphs of operations. What the library takes of the device it takes when the first of them comes. */
  void open(std::shared_ptr<const Dnn> dnn);
  Computations& computations();

  /**
   * Enqueues commands: `0, kernel, blocks, threads, table, rows` launches, `1, to, from, bytes` copies, `2, to, byte, bytes` fills,
   * `3, product, a, b, c, d, bias, workspace` multiplies, `4, computation, workspace, addresses…` computes a graph of operations.
   */
  void enqueue(Commands commands);
  /** The same as one graph, to be launched many times. Whatever they run must have run before, or been loaded. */
  Recorded record(Commands commands);
  void launch(const Recorded& recorded);
  /** Milliseconds that the device takes for the commands, on the average of `times` runs after a first one. Waits for them. */
  double time(Commands commands, int times);

  /** The number of a mark behind all that has been enqueued so far. */
  uint64_t mark();
  /** The number of the last mark that the device has passed. */
  uint64_t done();

  /** An event behind what has been enqueued so far. */
  Owned<cu::Event> behind();
  bool isDone(const Owned<cu::Event>& event) const;
  void waitFor(const Owned<cu::Event>& event) const;
  /** Waits for all that has been enqueued. */
  void waitForAll() const;

 private:
  struct Program {
    Owned<cu::Module> module;
    int first;
    int count;
  };

  /** Makes what a device has beside its facts. */
  void make();
  /** Gives back what there is of it. */
  void giveBackAll() noexcept;
  void enter() const;
  /** The same, before something is enqueued. */
  void begin();
  void writePart(cu::Pointer to, const char* from, size_t bytes, cu::Stream stream);
  void run(Commands commands, cu::Stream stream);
  Owned<cu::Event> event(unsigned flags = cu::kNoTiming);
  Pinned* borrow(size_t bytes);

  std::shared_ptr<const Driver> driver_;
  cu::DeviceId id_ = 0;
  cu::Context context_ = nullptr;
  DeviceFacts facts_;
  cu::Stream compute_ = nullptr;
  cu::Stream transfer_ = nullptr;
  Owned<cu::Event> arrived_;
  std::unordered_set<cu::Pointer> allocated_;
  /** The one that was lent last at the end. */
  std::vector<std::unique_ptr<Pinned>> pinned_;
  /** Events of marks that had not been passed when somebody looked, and events that serve again. */
  std::deque<Owned<cu::Event>> marks_;
  std::vector<Owned<cu::Event>> spare_;
  uint64_t passed_ = 0;
  /** Whether nothing has been enqueued since the last mark. */
  bool isMarked_ = false;
  std::vector<Program> programs_;
  std::vector<cu::Function> functions_;
  std::unique_ptr<Products> products_;
  std::shared_ptr<const Dnn> dnn_;
  std::unique_ptr<Computations> computations_;
};

}  // namespace tenon

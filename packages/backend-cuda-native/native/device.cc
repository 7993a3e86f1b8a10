#include "device.h"

#include <algorithm>
#include <cstring>

namespace tenon {

namespace {

/** Blocks of pinned memory that are kept have sizes of powers of two, from and up to these. */
constexpr size_t kLeastPinned = 4096;
constexpr size_t kMostPinned = size_t{1} << 25;
/** So many of the largest: one is filled while others are on their way. */
constexpr int kMostLargest = 4;

size_t roundUp(size_t bytes) {
  if (bytes > kMostPinned) return bytes;
  size_t size = kLeastPinned;
  while (size < bytes) size *= 2;
  return size;
}

}  // namespace

Device::Device(std::shared_ptr<const Driver> driver, int ordinal) : driver_(std::move(driver)) {
  const Driver& d = *driver_;
  TENON_CUDA(d, deviceGet, &id_, ordinal);
  char name[256] = "";
  TENON_CUDA(d, deviceGetName, name, sizeof name, id_);
  facts_.name = name;
  const auto attribute = [&](cu::Attribute which) {
    int value = 0;
    TENON_CUDA(d, deviceGetAttribute, &value, which, id_);
    return value;
  };
  facts_.major = attribute(cu::kMajor);
  facts_.minor = attribute(cu::kMinor);
  facts_.multiprocessors = attribute(cu::kMultiprocessors);
  facts_.sharedBytes = attribute(cu::kSharedBytesOptIn);
  TENON_CUDA(d, deviceTotalMem, &facts_.totalBytes, id_);
  try {
    make();
  } catch (...) {
    giveBackAll();  // a context that is kept would keep its errors
    throw;
  }
}

Device::~Device() { giveBackAll(); }

void Device::make() {
  const Driver& d = *driver_;
  TENON_CUDA(d, primaryCtxRetain, &context_, id_);
  enter();
  TENON_CUDA(d, streamCreate, &compute_, cu::kNonBlockingStream);
  TENON_CUDA(d, streamCreate, &transfer_, cu::kNonBlockingStream);
  arrived_ = event();
}

// What fails while the device is given back cannot be mended, and its owner is gone.
void Device::giveBackAll() noexcept {
  const Driver& d = *driver_;
  if (context_ == nullptr) return;
  d.ctxSetCurrent(context_);
  if (compute_ != nullptr) d.streamSynchronize(compute_);
  if (transfer_ != nullptr) d.streamSynchronize(transfer_);
  for (const std::unique_ptr<Pinned>& p : pinned_) d.memFreeHost(p->data);
  pinned_.clear();
  // the context outlives this device where somebody else has it
  for (const cu::Pointer address : allocated_) d.memFree(address);
  marks_.clear();
  spare_.clear();
  programs_.clear();
  products_.reset();
  computations_.reset();
  arrived_.reset();
  if (compute_ != nullptr) d.streamDestroy(compute_);
  if (transfer_ != nullptr) d.streamDestroy(transfer_);
  d.primaryCtxRelease(id_);
}

void Device::enter() const { TENON_CUDA(*driver_, ctxSetCurrent, context_); }

void Device::begin() {
  enter();
  isMarked_ = false;
}

std::pair<size_t, size_t> Device::memory() const {
  enter();
  size_t free = 0, total = 0;
  TENON_CUDA(*driver_, memGetInfo, &free, &total);
  return {free, total};
}

cu::Pointer Device::alloc(size_t bytes) {
  enter();
  cu::Pointer address = 0;
  TENON_CUDA(*driver_, memAlloc, &address, bytes);
  allocated_.insert(address);
  return address;
}

void Device::free(cu::Pointer address) {
  enter();
  TENON_CUDA(*driver_, memFree, address);
  allocated_.erase(address);
}

Owned<cu::Event> Device::event(unsigned flags) {
  cu::Event made = nullptr;
  TENON_CUDA(*driver_, eventCreate, &made, flags);
  return {made, [driver = driver_](cu::Event e) { driver->eventDestroy(e); }};
}

Pinned* Device::borrow(size_t bytes) {
  const size_t size = roundUp(bytes);
  const auto lent = [&](auto which) {
    std::rotate(which, which + 1, pinned_.end());
    pinned_.back()->inUse = true;
    return pinned_.back().get();
  };
  auto oldest = pinned_.end();
  int underWay = 0;
  for (auto p = pinned_.begin(); p != pinned_.end(); ++p) {
    if ((*p)->inUse || (*p)->bytes != size) continue;
    const cu::Result state = driver_->eventQuery((*p)->done.get());
    if (state != cu::kNotReady) {
      driver_->check(state, "eventQuery");
      return lent(p);
    }
    if (underWay++ == 0) oldest = p;
  }
  if (size == kMostPinned && underWay >= kMostLargest) {
    TENON_CUDA(*driver_, eventSynchronize, (*oldest)->done.get());
    return lent(oldest);
  }
  void* data = nullptr;
  TENON_CUDA(*driver_, memAllocHost, &data, size);
  try {
    pinned_.push_back(std::make_unique<Pinned>(static_cast<char*>(data), size, event(), true));
  } catch (...) {
    driver_->memFreeHost(data);
    throw;
  }
  return pinned_.back().get();
}

void Device::giveBack(Pinned* pinned) {
  pinned->inUse = false;
  if (pinned->bytes <= kMostPinned) return;
  driver_->ctxSetCurrent(context_);
  driver_->memFreeHost(pinned->data);
  std::erase_if(pinned_, [&](const std::unique_ptr<Pinned>& p) { return p.get() == pinned; });
}

void Device::writePart(cu::Pointer to, const char* from, size_t bytes, cu::Stream stream) {
  Pinned* pinned = borrow(bytes);
  giveBack(pinned);  // it is lent again when the event has come
  std::memcpy(pinned->data, from, bytes);
  TENON_CUDA(*driver_, memcpyHtoDAsync, to, pinned->data, bytes, stream);
  TENON_CUDA(*driver_, eventRecord, pinned->done.get(), stream);
}

void Device::write(cu::Pointer to, const void* from, size_t bytes, bool apart) {
  if (bytes == 0) return;
  begin();
  const cu::Stream stream = apart ? transfer_ : compute_;
  for (size_t at = 0; at < bytes; at += kMostPinned)
    writePart(to + at, static_cast<const char*>(from) + at, std::min(kMostPinned, bytes - at), stream);
  if (!apart) return;
  TENON_CUDA(*driver_, eventRecord, arrived_.get(), transfer_);
  TENON_CUDA(*driver_, streamWaitEvent, compute_, arrived_.get(), 0);
}

Pinned* Device::read(cu::Pointer from, size_t bytes) {
  begin();
  Pinned* pinned = borrow(bytes);
  try {
    if (bytes > 0) TENON_CUDA(*driver_, memcpyDtoHAsync, pinned->data, from, bytes, compute_);
    TENON_CUDA(*driver_, eventRecord, pinned->done.get(), compute_);
  } catch (...) {
    giveBack(pinned);
    throw;
  }
  return pinned;
}

void Device::wait(const Pinned& pinned) const { waitFor(pinned.done); }

int Device::load(const std::vector<char>& code, const std::vector<std::string>& names) {
  enter();
  cu::Module made = nullptr;
  TENON_CUDA(*driver_, moduleLoadData, &made, code.data());
  Owned<cu::Module> module(made, [driver = driver_](cu::Module m) { driver->moduleUnload(m); });
  std::vector<cu::Function> found;
  for (const std::string& name : names) {
    cu::Function function = nullptr;
    TENON_CUDA(*driver_, moduleGetFunction, &function, module.get(), name.c_str());
    found.push_back(function);
  }
  const int first = static_cast<int>(functions_.size());
  functions_.insert(functions_.end(), found.begin(), found.end());
  programs_.push_back({std::move(module), first, static_cast<int>(found.size())});
  return first;
}

void Device::unload(int first) {
  enter();
  std::erase_if(programs_, [&](const Program& p) {
    if (p.first != first) return false;
    for (int i = 0; i < p.count; i++) functions_[first + i] = nullptr;
    return true;
  });
}

void Device::open(std::shared_ptr<const Blas> blas) {
  enter();
  products_ = std::make_unique<Products>(std::move(blas));
}

Products& Device::products() {
  enter();
  if (products_ == nullptr) throw Failure("product", -1, "INVALID_COMMANDS", "no library computes products");
  return *products_;
}

void Device::open(std::shared_ptr<const Dnn> dnn) { dnn_ = std::move(dnn); }

Computations& Device::computations() {
  enter();
  if (dnn_ == nullptr) throw Failure("computation", -1, "INVALID_COMMANDS", "no library computes graphs of operations");
  if (computations_ == nullptr) computations_ = std::make_unique<Computations>(dnn_, compute_);
  return *computations_;
}

void Device::run(Commands commands, cu::Stream stream) {
  size_t at = 0;
  const auto next = [&] {
    if (at >= commands.size()) throw Failure("enqueue", -1, "INVALID_COMMANDS", "the last command is not whole");
    return commands[at++];
  };
  while (at < commands.size()) {
    const int kind = static_cast<int>(next());
    if (kind == 0) {
      const auto kernel = static_cast<size_t>(next());
      const auto blocks = static_cast<unsigned>(next());
      const auto threads = static_cast<unsigned>(next());
      cu::Pointer table = static_cast<cu::Pointer>(next());
      int rows = static_cast<int>(next());
      void* parameters[] = {&table, &rows};
      const cu::Function function = kernel < functions_.size() ? functions_[kernel] : nullptr;
      if (function == nullptr) throw Failure("enqueue", -1, "INVALID_COMMANDS", "there is no such kernel");
      TENON_CUDA(*driver_, launchKernel, function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
    } else if (kind == 1) {
      const auto to = static_cast<cu::Pointer>(next());
      const auto from = static_cast<cu::Pointer>(next());
      TENON_CUDA(*driver_, memcpyDtoDAsync, to, from, static_cast<size_t>(next()), stream);
    } else if (kind == 2) {
      const auto to = static_cast<cu::Pointer>(next());
      const auto value = static_cast<unsigned char>(next());
      TENON_CUDA(*driver_, memsetD8Async, to, value, static_cast<size_t>(next()), stream);
    } else if (kind == 3) {
      const auto product = static_cast<int>(next());
      ProductOperands operands{};
      for (cu::Pointer* address :
           {&operands.a, &operands.b, &operands.c, &operands.d, &operands.bias, &operands.workspace})
        *address = static_cast<cu::Pointer>(next());
      products().run(product, operands, stream);
    } else if (kind == 4) {
      const auto computation = static_cast<int>(next());
      const auto workspace = static_cast<cu::Pointer>(next());
      std::vector<cu::Pointer> addresses(computations().operandCount(computation));
      for (cu::Pointer& address : addresses) address = static_cast<cu::Pointer>(next());
      computations().run(computation, addresses, workspace);
    } else {
      throw Failure("enqueue", -1, "INVALID_COMMANDS", "command " + std::to_string(kind) + " is unknown");
    }
  }
}

void Device::enqueue(Commands commands) {
  begin();
  run(commands, compute_);
}

Recorded Device::record(Commands commands) {
  enter();
  const Driver& d = *driver_;
  TENON_CUDA(d, streamBeginCapture, compute_, cu::kThreadLocalCapture);
  cu::Graph captured = nullptr;
  const auto destroy = [&d](cu::Graph g) { d.graphDestroy(g); };
  try {
    run(commands, compute_);
  } catch (...) {
    if (d.streamEndCapture(compute_, &captured) == cu::kSuccess && captured != nullptr) destroy(captured);
    throw;
  }
  TENON_CUDA(d, streamEndCapture, compute_, &captured);
  const std::unique_ptr<cu::GraphObject, decltype(destroy)> graph(captured, destroy);
  cu::GraphExec exec = nullptr;
  TENON_CUDA(d, graphInstantiate, &exec, graph.get(), 0);
  return {{exec, [driver = driver_](cu::GraphExec e) { driver->graphExecDestroy(e); }}};
}

void Device::launch(const Recorded& recorded) {
  begin();
  TENON_CUDA(*driver_, graphLaunch, recorded.exec.get(), compute_);
}

double Device::time(Commands commands, int times) {
  begin();
  run(commands, compute_);
  const Owned<cu::Event> from = event(0), to = event(0);
  TENON_CUDA(*driver_, eventRecord, from.get(), compute_);
  for (int i = 0; i < times; i++) run(commands, compute_);
  TENON_CUDA(*driver_, eventRecord, to.get(), compute_);
  TENON_CUDA(*driver_, eventSynchronize, to.get());
  float milliseconds = 0;
  TENON_CUDA(*driver_, eventElapsedTime, &milliseconds, from.get(), to.get());
  return static_cast<double>(milliseconds) / times;
}

uint64_t Device::mark() {
  const uint64_t before = done();
  if (!isMarked_) {
    if (spare_.empty()) spare_.push_back(event());
    TENON_CUDA(*driver_, eventRecord, spare_.back().get(), compute_);
    marks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    isMarked_ = true;
  }
  return before + marks_.size();
}

uint64_t Device::done() {
  enter();
  while (!marks_.empty() && isDone(marks_.front())) {
    spare_.push_back(std::move(marks_.front()));
    marks_.pop_front();
    passed_++;
  }
  return passed_;
}

Owned<cu::Event> Device::behind() {
  enter();
  Owned<cu::Event> made = event();
  TENON_CUDA(*driver_, eventRecord, made.get(), compute_);
  return made;
}

bool Device::isDone(const Owned<cu::Event>& event) const {
  enter();
  const cu::Result state = driver_->eventQuery(event.get());
  if (state == cu::kNotReady) return false;
  driver_->check(state, "eventQuery");
  return true;
}

void Device::waitFor(const Owned<cu::Event>& event) const {
  enter();
  TENON_CUDA(*driver_, eventSynchronize, event.get());
}

void Device::waitForAll() const {
  enter();
  TENON_CUDA(*driver_, streamSynchronize, compute_);
}

}  // namespace tenon

// A CUDA driver without a device, for tests. Streams hold what was enqueued until somebody waits or asks, so that a host that does
// not wait where it must reads what is not there yet. Arguments and lifetimes are checked: a call that a driver would refuse, or that
// would end in memory that is not the program's, is an error whose text says what was wrong. `tenon_live` counts what is left.
#include <dlfcn.h>
#include <stdlib.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "launch.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Status {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kCapture = 900
};

using Work = std::function<int()>;

struct Stream {
  int device;
  std::deque<Work> queue;
  bool capturing = false;
};
struct Allocation {
  size_t bytes;
  int device;
};
struct Event {
  Stream* stream = nullptr;
  uint64_t recorded = 0, passed = 0;
  bool timing = false;
  double at = 0;
};
struct Module {
  std::vector<void*> handles;
};
struct Graph {
  std::vector<Work> works;
};

/** Calls come from several threads, one of which may be waiting, and then runs what was enqueued. */
std::recursive_mutex mutex;
#define LOCK const std::lock_guard<std::recursive_mutex> lock(mutex);

std::string message;  // of the last error
int sticky = kSuccess;
std::set<Stream*> streams;
std::set<Event*> events;
std::set<Module*> modules;
std::set<Graph*> graphs, execs;
std::map<uintptr_t, Allocation> memory;
emulation::Launcher launcher;
std::map<void*, size_t> hostMemory;
std::map<void*, emulation::Kernel> kernels;
/** By device: bytes that are in use, and how often its context was retained. The address of the latter is the context. */
constexpr int kMostDevices = 8;
size_t usedBytes[kMostDevices] = {};
int retained[kMostDevices] = {};
thread_local int current = -1;
Graph* captured = nullptr;
/** Works that have been done, which stand for time. */
uint64_t works = 0;

int deviceCount() {
  const char* text = getenv("TENON_EMULATED_DEVICES");
  return text == nullptr ? 1 : std::min(kMostDevices, (int)strtol(text, nullptr, 10));
}

int contexts() {
  int sum = 0;
  for (const int n : retained) sum += n;
  return sum;
}

int driverVersion() {
  const char* text = getenv("TENON_EMULATED_DRIVER");
  return text == nullptr ? 13000 : (int)strtol(text, nullptr, 10);
}

size_t totalBytes() {
  const char* text = getenv("TENON_EMULATED_BYTES");
  return text == nullptr ? size_t{1} << 32 : strtoull(text, nullptr, 10);
}

/** Whether the launch that runs now is the one of that number that is to fail, for tests; they are counted while one is. */
bool isFaulty() {
  static long count = 0;
  const char* text = getenv("TENON_EMULATED_FAULT");
  if (text == nullptr) return count = 0, false;
  return ++count == strtol(text, nullptr, 10);
}

int refuse(int status, const std::string& why) {
  message = why;
  return status;
}

/** Runs the oldest work of a stream. */
int step(Stream* s) {
  if (sticky != kSuccess) return sticky;
  Work work = std::move(s->queue.front());
  s->queue.pop_front();
  works++;
  const int status = work();
  if (status != kSuccess) sticky = status;
  return status;
}

int drain(Stream* s) {
  while (!s->queue.empty())
    if (const int status = step(s); status != kSuccess) return status;
  return sticky;
}

int reach(Event* e, uint64_t record) {
  while (e->passed < record && e->stream != nullptr && !e->stream->queue.empty())
    if (const int status = step(e->stream); status != kSuccess) return status;
  return sticky;
}

int enqueue(Stream* s, Work work) {
  if (sticky != kSuccess) return sticky;
  if (!streams.count(s)) return refuse(kInvalidValue, "the stream is none, or destroyed");
  if (s->device != current) return refuse(kInvalidContext, "the stream is of another context than the current one");
  if (s->capturing) captured->works.push_back(std::move(work));
  else s->queue.push_back(std::move(work));
  return kSuccess;
}

/** Whether it is memory of the device, or of any. */
bool inside(unsigned long long address, size_t bytes, int device = -1) {
  auto after = memory.upper_bound((uintptr_t)address);
  if (after == memory.begin()) return false;
  --after;
  if (device >= 0 && after->second.device != device) return false;
  return address + bytes <= after->first + after->second.bytes;
}

int outside(const char* what, unsigned long long address, size_t bytes) {
  return refuse(kIllegalAddress, std::string(what) + " of " + std::to_string(bytes) + " bytes at " +
                                     std::to_string(address) + " is not inside of an allocation");
}

}  // namespace

EXPORT int cuInit(unsigned) { LOCK return kSuccess; }
EXPORT int cuDriverGetVersion(int* version) { LOCK return *version = driverVersion(), kSuccess; }
EXPORT int cuGetErrorName(int error, const char** name) { LOCK
  switch (error) {
    case kInvalidValue: *name = "CUDA_ERROR_INVALID_VALUE"; break;
    case kOutOfMemory: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case kInvalidImage: *name = "CUDA_ERROR_INVALID_IMAGE"; break;
    case kInvalidContext: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case kNotFound: *name = "CUDA_ERROR_NOT_FOUND"; break;
    case kIllegalAddress: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case kCapture: *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"; break;
    default: *name = "CUDA_ERROR_UNKNOWN";
  }
  return kSuccess;
}
EXPORT int cuGetErrorString(int, const char** text) { LOCK return *text = message.c_str(), kSuccess; }
EXPORT int cuDeviceGetCount(int* count) { LOCK return *count = deviceCount(), kSuccess; }
EXPORT int cuDeviceGet(int* device, int ordinal) { LOCK
  if (ordinal < 0 || ordinal >= deviceCount()) return refuse(kInvalidValue, "there is no device of that number");
  return *device = ordinal, kSuccess;
}
EXPORT int cuDeviceGetName(char* name, int length, int) { LOCK return snprintf(name, (size_t)length, "emulated"), kSuccess; }
EXPORT int cuDeviceGetAttribute(int* value, int attribute, int) { LOCK
  const std::map<int, int> known = {{16, 4}, {75, 9}, {76, 0}, {97, 232448}, {38, 1 << 20}};
  return *value = known.count(attribute) ? known.at(attribute) : 0, kSuccess;
}
EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int) { LOCK return *bytes = totalBytes(), kSuccess; }
EXPORT int cuDevicePrimaryCtxRetain(void** context, int device) { LOCK
  return retained[device]++, *context = &retained[device], kSuccess;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int device) { LOCK
  if (--retained[device] > 0) return kSuccess;
  if (sticky != kSuccess) {  // whose memory could not be freed before
    for (auto m = memory.begin(); m != memory.end();)
      if (m->second.device == device) {
        launcher.release(m->first);
        free((void*)m->first);
        m = memory.erase(m);
      } else {
        ++m;
      }
    usedBytes[device] = 0;
  }
  if (contexts() == 0) sticky = kSuccess;  // a context's errors end with it
  return kSuccess;
}
EXPORT int cuCtxSetCurrent(void* context) { LOCK
  for (int device = 0; device < deviceCount(); device++)
    if (context == &retained[device] && retained[device] > 0) return current = device, kSuccess;
  return refuse(kInvalidContext, "there is no such context");
}

// From an error that a context does not survive on, calls that want it give that error: NVIDIA, CUDA Driver API, "CUresult".
EXPORT int cuMemGetInfo_v2(size_t* free, size_t* total) { LOCK
  if (sticky != kSuccess) return sticky;
  if (current < 0) return refuse(kInvalidContext, "no context is current");
  return *total = totalBytes(), *free = *total - usedBytes[current], kSuccess;
}
EXPORT int cuMemAlloc_v2(unsigned long long* address, size_t bytes) { LOCK
  if (sticky != kSuccess) return sticky;
  if (current < 0) return refuse(kInvalidContext, "no context is current");
  if (bytes == 0) return refuse(kInvalidValue, "an allocation of 0 bytes");
  if (captured != nullptr) return refuse(kCapture, "nothing may be allocated during a capture");
  if (usedBytes[current] + bytes > totalBytes()) return refuse(kOutOfMemory, "out of memory");
  void* data = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (data == nullptr) return refuse(kOutOfMemory, "out of memory");
  const auto begin = (uintptr_t)data;
  if (!launcher.allocate(begin, bytes)) return free(data), refuse(kOutOfMemory, "out of memory");
  memset(data, 0xcd, bytes);
  usedBytes[current] += bytes;
  memory[begin] = {bytes, current};
  return *address = begin, kSuccess;
}
// A driver may wait for what uses the memory, and need not: NVIDIA, CUDA Driver API, "cuMemFree".
EXPORT int cuMemFree_v2(unsigned long long address) { LOCK
  if (sticky != kSuccess) return sticky;
  const auto found = memory.find((uintptr_t)address);
  if (found == memory.end()) return refuse(kInvalidValue, "memory is freed that is none");
  if (found->second.device != current) return refuse(kInvalidContext, "memory of another context is freed");
  if (captured != nullptr) return refuse(kCapture, "nothing may be freed during a capture");
  usedBytes[current] -= found->second.bytes;
  memory.erase(found);
  launcher.release((uintptr_t)address);
  free((void*)(uintptr_t)address);
  return kSuccess;
}
EXPORT int cuMemAllocHost_v2(void** address, size_t bytes) { LOCK
  if (sticky != kSuccess) return sticky;
  *address = malloc(bytes);
  hostMemory[*address] = bytes;
  return kSuccess;
}
EXPORT int cuMemFreeHost(void* address) { LOCK
  if (hostMemory.erase(address) == 0) return refuse(kInvalidValue, "host memory is freed that is none");
  free(address);
  return kSuccess;
}

EXPORT int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, Stream* s) { LOCK
  return enqueue(s, [=] {
    if (!inside(to, bytes, s->device)) return outside("a copy", to, bytes);
    memcpy((void*)(uintptr_t)to, from, bytes);
    return (int)kSuccess;
  });
}
EXPORT int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, Stream* s) { LOCK
  return enqueue(s, [=] {
    if (!inside(from, bytes, s->device)) return outside("a copy", from, bytes);
    memcpy(to, (const void*)(uintptr_t)from, bytes);
    return (int)kSuccess;
  });
}
EXPORT int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t bytes, Stream* s) { LOCK
  return enqueue(s, [=] {
    if (!inside(from, bytes, s->device)) return outside("a copy", from, bytes);
    if (!inside(to, bytes, s->device)) return outside("a copy", to, bytes);
    memmove((void*)(uintptr_t)to, (const void*)(uintptr_t)from, bytes);
    return (int)kSuccess;
  });
}
EXPORT int cuMemsetD8Async(unsigned long long to, unsigned char value, size_t bytes, Stream* s) { LOCK
  return enqueue(s, [=] {
    if (!inside(to, bytes, s->device)) return outside("a fill", to, bytes);
    memset((void*)(uintptr_t)to, value, bytes);
    return (int)kSuccess;
  });
}

EXPORT int cuStreamCreate(Stream** s, unsigned) { LOCK 
  if (current < 0) return refuse(kInvalidContext, "no context is current");
  return streams.insert(*s = new Stream{current, {}, false}), kSuccess;
}
EXPORT int cuStreamDestroy_v2(Stream* s) { LOCK
  if (streams.erase(s) == 0) return refuse(kInvalidValue, "the stream is none, or destroyed");
  delete s;
  return kSuccess;
}
EXPORT int cuStreamSynchronize(Stream* s) { LOCK
  if (!streams.count(s)) return refuse(kInvalidValue, "the stream is none, or destroyed");
  if (s->capturing) return refuse(kCapture, "nobody may wait for a stream that is captured");
  return drain(s);
}
EXPORT int cuStreamWaitEvent(Stream* s, Event* e, unsigned) { LOCK
  if (!events.count(e)) return refuse(kInvalidValue, "the event is none, or destroyed");
  return enqueue(s, [e, record = e->recorded] { return reach(e, record); });
}
EXPORT int cuStreamBeginCapture_v2(Stream* s, int) { LOCK
  if (captured != nullptr) return refuse(kCapture, "another capture is under way");
  s->capturing = true;
  graphs.insert(captured = new Graph);
  return kSuccess;
}
EXPORT int cuStreamEndCapture(Stream* s, Graph** graph) { LOCK
  if (!s->capturing) return refuse(kCapture, "the stream is not captured");
  s->capturing = false;
  *graph = captured;
  captured = nullptr;
  return kSuccess;
}

EXPORT int cuEventCreate(Event** e, unsigned flags) { LOCK
  if (sticky != kSuccess) return sticky;
  events.insert(*e = new Event);
  (*e)->timing = (flags & 2) == 0;
  return kSuccess;
}
EXPORT int cuEventDestroy_v2(Event* e) { LOCK
  if (events.erase(e) == 0) return refuse(kInvalidValue, "the event is none, or destroyed");
  if (e->stream != nullptr && streams.count(e->stream)) drain(e->stream);  // what waits for it may hold it
  delete e;
  return kSuccess;
}
EXPORT int cuEventRecord(Event* e, Stream* s) { LOCK
  if (!events.count(e)) return refuse(kInvalidValue, "the event is none, or destroyed");
  if (sticky != kSuccess) return sticky;
  e->stream = s;
  const uint64_t record = ++e->recorded;
  return enqueue(s, [e, record] {
    e->passed = record;
    e->at = (double)works / 1000;
    return (int)kSuccess;
  });
}
// A thousand works take a millisecond.
EXPORT int cuEventElapsedTime(float* milliseconds, Event* from, Event* to) { LOCK
  for (Event* e : {from, to}) {
    if (!events.count(e)) return refuse(kInvalidValue, "the event is none, or destroyed");
    if (!e->timing) return refuse(kInvalidValue, "the event was made without timing");
    if (e->passed != e->recorded || e->recorded == 0) return kNotReady;
  }
  return *milliseconds = (float)(to->at - from->at), kSuccess;
}
EXPORT int cuEventQuery(Event* e) { LOCK
  if (!events.count(e)) return refuse(kInvalidValue, "the event is none, or destroyed");
  if (sticky != kSuccess) return sticky;
  if (e->passed == e->recorded) return kSuccess;
  if (const int status = step(e->stream); status != kSuccess) return status;  // time passes
  return kNotReady;
}
EXPORT int cuEventSynchronize(Event* e) { LOCK
  if (!events.count(e)) return refuse(kInvalidValue, "the event is none, or destroyed");
  return reach(e, e->recorded);
}

// An image is the names of libraries that the emulated compiler has made, a line each.
EXPORT int cuModuleLoadData(Module** module, const void* image) { LOCK
  if (sticky != kSuccess) return sticky;
  if (driverVersion() < 13000) return refuse(kInvalidImage, "device kernel image is invalid");  // which is of CUDA 13
  auto made = std::make_unique<Module>();
  std::istringstream lines((const char*)image);
  for (std::string path; std::getline(lines, path);) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return refuse(kInvalidValue, dlerror());
    made->handles.push_back(handle);
  }
  return modules.insert(*module = made.release()), kSuccess;
}
EXPORT int cuModuleUnload(Module* module) { LOCK
  if (modules.erase(module) == 0) return refuse(kInvalidValue, "the module is none, or unloaded");
  for (Stream* s : streams)
    if (const int status = drain(s); status != kSuccess && sticky == kSuccess) return status;
  for (void* handle : module->handles) dlclose(handle);
  delete module;
  return kSuccess;
}
EXPORT int cuModuleGetFunction(void** function, Module* module, const char* name) { LOCK
  if (!modules.count(module)) return refuse(kInvalidValue, "the module is none, or unloaded");
  for (void* handle : module->handles)
    if (void* found = dlsym(handle, name); found != nullptr) return *function = found, kSuccess;
  return refuse(kNotFound, std::string("no kernel is called ") + name);
}
EXPORT int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned threadsY,
                          unsigned threadsZ, unsigned shared, Stream* s, void** parameters, void**) { LOCK
  if (x == 0 || y != 1 || z != 1 || threads == 0 || threads > 1024 || threadsY != 1 || threadsZ != 1 || shared != 0)
    return refuse(kInvalidValue, "a grid of " + std::to_string(x) + " blocks of " + std::to_string(threads) + " threads");
  const auto table = *(const unsigned long long*)parameters[0];
  const int rows = *(const int*)parameters[1];
  return enqueue(s, [=] {
    if (isFaulty()) return refuse(kIllegalAddress, "an illegal memory access was encountered");
    if (!inside(table, 8, s->device)) return outside("a table", table, 8);
    const std::string fault = launcher.launch((emulation::Kernel)function, (int)x, (int)threads,
                                               (const unsigned long long*)(uintptr_t)table, rows);
    return fault.empty() ? (int)kSuccess : refuse(kIllegalAddress, fault);
  });
}

EXPORT int cuGraphInstantiateWithFlags(Graph** exec, Graph* graph, unsigned long long) { LOCK
  if (sticky != kSuccess) return sticky;
  if (!graphs.count(graph)) return refuse(kInvalidValue, "the graph is none, or destroyed");
  return execs.insert(*exec = new Graph(*graph)), kSuccess;
}
EXPORT int cuGraphLaunch(Graph* exec, Stream* s) { LOCK
  if (!execs.count(exec)) return refuse(kInvalidValue, "the graph is none, or destroyed");
  for (const Work& work : exec->works)
    if (const int status = enqueue(s, work); status != kSuccess) return status;
  return kSuccess;
}
EXPORT int cuGraphExecDestroy(Graph* exec) { LOCK
  if (execs.erase(exec) == 0) return refuse(kInvalidValue, "the graph is none, or destroyed");
  delete exec;
  return kSuccess;
}
EXPORT int cuGraphDestroy(Graph* graph) { LOCK
  if (graphs.erase(graph) == 0) return refuse(kInvalidValue, "the graph is none, or destroyed");
  delete graph;
  return kSuccess;
}

// For other libraries without a device: what they enqueue, what they ask of memory, and what of theirs is alive.
#define SHARED __attribute__((visibility("default")))
SHARED int tenon_enqueue(void* stream, std::function<int()> work) { LOCK return enqueue((Stream*)stream, std::move(work)); }
SHARED bool tenon_inside(unsigned long long address, size_t bytes) { LOCK return inside(address, bytes); }
SHARED int tenon_outside(const std::string& what, unsigned long long address, size_t bytes) { LOCK
  return outside(what.c_str(), address, bytes);
}
SHARED bool tenon_is_captured() { LOCK return captured != nullptr; }
SHARED bool tenon_has_context() { LOCK return contexts() > 0; }
SHARED void tenon_pass(uint64_t time) { LOCK works += time; }

/** What has been made and not been given back. */
EXPORT size_t tenon_live() { LOCK
  return streams.size() + events.size() + modules.size() + graphs.size() + execs.size() + memory.size() +
         hostMemory.size() + (size_t)contexts();
}

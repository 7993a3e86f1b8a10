#pragma once
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "library.h"

namespace tenon {

/** The part of the CUDA driver's interface that is used here, declared by ourselves: there is no toolkit when this is built. */
namespace cu {
using Result = int;
using DeviceId = int;
using Pointer = unsigned long long;
using Context = struct ContextObject*;
using Module = struct ModuleObject*;
using Function = struct FunctionObject*;
using Stream = struct StreamObject*;
using Event = struct EventObject*;
using Graph = struct GraphObject*;
using GraphExec = struct GraphExecObject*;

constexpr Result kSuccess = 0;
constexpr Result kNotReady = 600;
constexpr unsigned kNonBlockingStream = 1;
constexpr unsigned kNoTiming = 2;
constexpr int kThreadLocalCapture = 1;
enum Attribute : int { kMultiprocessors = 16, kMajor = 75, kMinor = 76, kSharedBytesOptIn = 97, kL2Bytes = 38 };
}  // namespace cu

/** Name here, name in the library, parameters. All give a `cu::Result`. */
#define TENON_DRIVER_FUNCTIONS(X)                                                                                     \
  X(init, cuInit, (unsigned flags))                                                                                   \
  X(driverGetVersion, cuDriverGetVersion, (int* version))                                                             \
  X(getErrorName, cuGetErrorName, (cu::Result error, const char** name))                                              \
  X(getErrorString, cuGetErrorString, (cu::Result error, const char** text))                                          \
  X(deviceGetCount, cuDeviceGetCount, (int* count))                                                                   \
  X(deviceGet, cuDeviceGet, (cu::DeviceId * device, int ordinal))                                                     \
  X(deviceGetName, cuDeviceGetName, (char* name, int length, cu::DeviceId device))                                    \
  X(deviceGetAttribute, cuDeviceGetAttribute, (int* value, cu::Attribute attribute, cu::DeviceId device))             \
  X(deviceTotalMem, cuDeviceTotalMem_v2, (size_t * bytes, cu::DeviceId device))                                       \
  X(primaryCtxRetain, cuDevicePrimaryCtxRetain, (cu::Context * context, cu::DeviceId device))                         \
  X(primaryCtxRelease, cuDevicePrimaryCtxRelease_v2, (cu::DeviceId device))                                           \
  X(ctxSetCurrent, cuCtxSetCurrent, (cu::Context context))                                                            \
  X(memGetInfo, cuMemGetInfo_v2, (size_t * free, size_t* total))                                                      \
  X(memAlloc, cuMemAlloc_v2, (cu::Pointer * address, size_t bytes))                                                   \
  X(memFree, cuMemFree_v2, (cu::Pointer address))                                                                     \
  X(memAllocHost, cuMemAllocHost_v2, (void** address, size_t bytes))                                                  \
  X(memFreeHost, cuMemFreeHost, (void* address))                                                                      \
  X(memcpyHtoDAsync, cuMemcpyHtoDAsync_v2, (cu::Pointer to, const void* from, size_t bytes, cu::Stream stream))       \
  X(memcpyDtoHAsync, cuMemcpyDtoHAsync_v2, (void* to, cu::Pointer from, size_t bytes, cu::Stream stream))             \
  X(memcpyDtoDAsync, cuMemcpyDtoDAsync_v2, (cu::Pointer to, cu::Pointer from, size_t bytes, cu::Stream stream))       \
  X(memsetD8Async, cuMemsetD8Async, (cu::Pointer to, unsigned char value, size_t bytes, cu::Stream stream))           \
  X(streamCreate, cuStreamCreate, (cu::Stream * stream, unsigned flags))                                              \
  X(streamDestroy, cuStreamDestroy_v2, (cu::Stream stream))                                                           \
  X(streamSynchronize, cuStreamSynchronize, (cu::Stream stream))                                                      \
  X(streamWaitEvent, cuStreamWaitEvent, (cu::Stream stream, cu::Event event, unsigned flags))                         \
  X(streamBeginCapture, cuStreamBeginCapture_v2, (cu::Stream stream, int mode))                                       \
  X(streamEndCapture, cuStreamEndCapture, (cu::Stream stream, cu::Graph * graph))                                     \
  X(eventCreate, cuEventCreate, (cu::Event * event, unsigned flags))                                                  \
  X(eventDestroy, cuEventDestroy_v2, (cu::Event event))                                                               \
  X(eventRecord, cuEventRecord, (cu::Event event, cu::Stream stream))                                                 \
  X(eventQuery, cuEventQuery, (cu::Event event))                                                                      \
  X(eventSynchronize, cuEventSynchronize, (cu::Event event))                                                          \
  X(eventElapsedTime, cuEventElapsedTime, (float* milliseconds, cu::Event from, cu::Event to))                        \
  X(moduleLoadData, cuModuleLoadData, (cu::Module * module, const void* image))                                       \
  X(moduleUnload, cuModuleUnload, (cu::Module module))                                                                \
  X(moduleGetFunction, cuModuleGetFunction, (cu::Function * function, cu::Module module, const char* name))           \
  X(launchKernel, cuLaunchKernel,                                                                                     \
    (cu::Function function, unsigned x, unsigned y, unsigned z, unsigned threadsX, unsigned threadsY, unsigned threadsZ, \
     unsigned sharedBytes, cu::Stream stream, void** parameters, void** extra))                                       \
  X(graphInstantiate, cuGraphInstantiateWithFlags, (cu::GraphExec * exec, cu::Graph graph, unsigned long long flags)) \
  X(graphLaunch, cuGraphLaunch, (cu::GraphExec exec, cu::Stream stream))                                              \
  X(graphExecDestroy, cuGraphExecDestroy, (cu::GraphExec exec))                                                       \
  X(graphDestroy, cuGraphDestroy, (cu::Graph graph))

/** A call that a library refused. */
class Failure : public std::runtime_error {
 public:
  Failure(std::string call, int status, std::string name, const std::string& text)
      : std::runtime_error(call + ": " + name + " (" + text + ")"),
        call(std::move(call)),
        status(status),
        name(std::move(name)) {}
  const std::string call;
  const int status;
  const std::string name;
};

/** The CUDA driver, opened at run time. */
class Driver {
 public:
  explicit Driver(const std::vector<std::string>& candidates);

#define TENON_MEMBER(name, symbol, parameters) cu::Result(*name) parameters;
  TENON_DRIVER_FUNCTIONS(TENON_MEMBER)
#undef TENON_MEMBER

  /** Throws a `Failure` that names the call where the status is an error. */
  void check(cu::Result status, const char* call) const;
  int version() const { return version_; }
  const std::string& path() const { return library_.path(); }

 private:
  Library library_;
  int version_ = 0;
};

/** Calls a function of the driver, or of another library of NVIDIA's, and checks its status. */
#define TENON_CUDA(library, call, ...) (library).check((library).call(__VA_ARGS__), #call)

}  // namespace tenon

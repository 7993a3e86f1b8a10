// What the addon declares of the driver by itself, against NVIDIA's header, where that is installed. It compiles if they agree.
#include <cuda.h>

#include "../native/driver.h"
#include "alike.h"

namespace cu = tenon::cu;

// the header gives the name to a later version
#undef cuEventElapsedTime
extern "C" CUresult cuEventElapsedTime(float*, CUevent, CUevent);

#define TENON_SAME(name, symbol, parameters) static_assert(same<cu::Result parameters, decltype(symbol)>, #symbol);
TENON_DRIVER_FUNCTIONS(TENON_SAME)

static_assert(cu::kSuccess == CUDA_SUCCESS && cu::kNotReady == CUDA_ERROR_NOT_READY);
static_assert(cu::kNonBlockingStream == CU_STREAM_NON_BLOCKING && cu::kNoTiming == CU_EVENT_DISABLE_TIMING);
static_assert(cu::kThreadLocalCapture == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
static_assert(int{cu::kMultiprocessors} == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(int{cu::kMajor} == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(int{cu::kMinor} == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(int{cu::kSharedBytesOptIn} == CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(int{cu::kL2Bytes} == CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);

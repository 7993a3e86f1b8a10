// What the addon declares of the driver by itself, against NVIDIA's header, where that is installed. It compiles if they agree.
#include <cuda.h>

#include <type_traits>

#include "../native/driver.h"

namespace cu = tenon::cu;

// the header gives the name to a later version
#undef cuEventElapsedTime
extern "C" CUresult cuEventElapsedTime(float*, CUevent, CUevent);

template <typename T>
constexpr bool isNumber = std::is_integral_v<T> || std::is_enum_v<T>;

/** Whether both are passed alike: handles and enumerations have other names here. */
template <typename Ours, typename Theirs>
constexpr bool alike = sizeof(Ours) == sizeof(Theirs) && std::is_pointer_v<Ours> == std::is_pointer_v<Theirs> &&
                       isNumber<Ours> == isNumber<Theirs>;

template <typename Ours, typename Theirs>
constexpr bool same = false;
template <typename R, typename... A, typename S, typename... B>
  requires(sizeof...(A) == sizeof...(B))
constexpr bool same<R(A...), S(B...)> = (alike<R, S> && ... && alike<A, B>);

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

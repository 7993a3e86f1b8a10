// cuBLASLt without a device, for tests: the part of its interface that is used, by NVIDIA's documentation of it ("Using the cuBLASLt
// API"). A call that the library would refuse, or that would read or write memory that is nobody's, is an error whose text says what
// was wrong; products are computed by the processor, in the order of the stream, so that they may be captured as kernels are.
// `tenon_live_products` counts what is left.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "short.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

// of the driver without a device
int tenon_enqueue(void* stream, std::function<int()> work);
bool tenon_inside(unsigned long long address, size_t bytes);
int tenon_outside(const std::string& what, unsigned long long address, size_t bytes);
bool tenon_has_context();
void tenon_pass(uint64_t time);

namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kArchMismatch = 8, kNotSupported = 15 };
enum Type { kFloat32 = 0, kFloat64 = 1, kFloat16 = 2, kBfloat16 = 14 };
enum Compute { kCompute32 = 68, kCompute64 = 70, kComputeBrain = 75, kComputeTf32 = 77 };
enum Epilogue : uint32_t { kDefault = 1, kRelu = 2, kBias = 4, kGelu = 32 };

struct Handle {};
struct Operation {
  int compute = 0, scale = 0;
  int32_t transA = 0, transB = 0;
  uint32_t epilogue = kDefault;
  uint64_t bias = 0;
};
struct Layout {
  int type = 0;
  uint64_t rows = 0, columns = 0;
  int64_t leading = 0, stride = 0;
  int32_t count = 1;
};
struct Preference {
  uint64_t workspace = 0;
  uint32_t reductions = 7;
  uint32_t alignments[4] = {256, 256, 256, 256};
};
struct Algorithm {
  uint64_t data[8];
};
struct Found {
  Algorithm algorithm;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

constexpr uint64_t kMark = 0x7e404;  // in every algorithm that is one of this library's
constexpr int kWays = 5;
/** Of the ways to compute a product: the memory they want, the alignment, and how long they take. The first is not the quickest. */
constexpr size_t kWorkspaces[kWays] = {65536, 0, 1 << 20, 0, 4096};
constexpr uint64_t kAlignments[kWays] = {16, 4, 16, 2, 2};
constexpr uint64_t kTimes[kWays] = {30, 50, 10, 90, 20};

std::recursive_mutex mutex;
#define LOCK const std::lock_guard<std::recursive_mutex> lock(mutex);

std::string message;
std::set<void*> handles, operations, layouts, preferences;
size_t runs = 0;

int refuse(int status, const std::string& why) {
  message = why;
  return status;
}

template <typename T>
int made(T** made, std::set<void*>& living, T value) {
  if (made == nullptr) return refuse(kInvalidValue, "there is no place for what is made");
  return living.insert(*made = new T(value)), kSuccess;
}

template <typename T>
int destroyed(T* what, std::set<void*>& living, const char* name) {
  if (living.erase(what) == 0) return refuse(kInvalidValue, std::string(name) + " is none, or destroyed");
  delete what;
  return kSuccess;
}

template <typename T>
int taken(T& field, const void* value, size_t bytes) {
  if (value == nullptr || bytes != sizeof field)
    return refuse(kInvalidValue, "an attribute of " + std::to_string(sizeof field) + " bytes is given " + std::to_string(bytes));
  memcpy(&field, value, bytes);
  return kSuccess;
}

size_t bytesOf(int type) { return type == kFloat64 ? 8 : type == kFloat32 ? 4 : 2; }
bool isType(int type) { return type == kFloat32 || type == kFloat64 || type == kFloat16 || type == kBfloat16; }

double read(int type, uint64_t base, uint64_t i) {
  if (type == kFloat64) return ((const double*)base)[i];
  if (type == kFloat32) return ((const float*)base)[i];
  const uint16_t code = ((const uint16_t*)base)[i];
  return type == kBfloat16 ? emulation::fromBrain(code) : emulation::fromHalf(code);
}
void write(int type, uint64_t base, uint64_t i, double value) {
  if (type == kFloat64) ((double*)base)[i] = value;
  if (type == kFloat32) ((float*)base)[i] = (float)value;
  if (type == kBfloat16) ((uint16_t*)base)[i] = emulation::toBrain(value);
  if (type == kFloat16) ((uint16_t*)base)[i] = emulation::toHalf(value);
}

/** What is wrong with a description; empty where nothing is. */
std::string faultOf(const Operation& o, const Layout& a, const Layout& b, const Layout& c, const Layout& d) {
  const auto turned = [](const Layout& x, int32_t turn) {
    return turn ? std::pair(x.columns, x.rows) : std::pair(x.rows, x.columns);
  };
  const auto [m, k] = turned(a, o.transA);
  const auto [depth, n] = turned(b, o.transB);
  const auto number = [](uint64_t x) { return std::to_string(x); };
  if (k != depth) return "k is " + number(k) + " in A and " + number(depth) + " in B";
  for (const Layout* x : {&c, &d})
    if (x->rows != m || x->columns != n)
      return "the result has " + number(x->rows) + " by " + number(x->columns) + " elements, not " + number(m) + " by " + number(n);
  for (const Layout* x : {&a, &b, &c, &d}) {
    if (x->rows == 0 || x->columns == 0) return "a matrix is empty";
    if (x->leading < (int64_t)x->rows)
      return "a leading dimension is " + number((uint64_t)x->leading) + ", less than " + number(x->rows) + " rows";
    if (x->count != d.count) return "the batches differ";
    if (x->count < 1) return "a batch of none";
  }
  const auto rows = (int64_t)d.rows, whole = d.leading * (int64_t)(d.columns - 1) + rows;
  const bool between = d.stride >= rows && d.stride * (d.count - 1) + rows <= d.leading;  // columns of one among those of others
  if (d.count > 1 && d.stride < whole && !between) return "the matrices of the result overlap";
  if (a.type != b.type || c.type != d.type) return "types that do not go together";
  return "";
}

bool isSupported(const Operation& o, const Layout& a, const Layout& d) {
  if (o.compute == kCompute64)
    return o.scale == kFloat64 && a.type == kFloat64 && d.type == kFloat64 && o.epilogue == kDefault;
  if (o.scale != kFloat32 || a.type == kFloat64) return false;
  if (a.type == kFloat32) return d.type == kFloat32;
  return o.compute == kCompute32 && (d.type == a.type || d.type == kFloat32);
}

int checked(Handle* handle, Operation* o, const std::vector<Layout*>& all) {
  if (!handles.count(handle)) return refuse(kNotInitialized, "the handle is none, or destroyed");
  if (!operations.count(o)) return refuse(kInvalidValue, "the operation is none, or destroyed");
  for (Layout* layout : all)
    if (!layouts.count(layout)) return refuse(kInvalidValue, "a layout is none, or destroyed");
  const std::string fault = faultOf(*o, *all[0], *all[1], *all[2], *all[3]);
  if (!fault.empty()) return refuse(kInvalidValue, fault);
  const uint32_t known = kRelu | kBias | kGelu;
  if (o->epilogue != kDefault && ((o->epilogue & ~known) != 0 || (o->epilogue & (kRelu | kGelu)) == (kRelu | kGelu)))
    return refuse(kInvalidValue, "there is no epilogue " + std::to_string(o->epilogue));
  return isSupported(*o, *all[0], *all[3]) ? kSuccess : refuse(kNotSupported, "no kernel computes these types so");
}

/** A factor as the compute type has it. */
double factor(int compute, double x) {
  if (compute == kComputeTf32) return emulation::shortened((float)x, 13);
  return compute == kComputeBrain ? emulation::shortened((float)x, 16) : x;
}

double activated(uint32_t epilogue, double x) {
  if (epilogue & kRelu) return x > 0 || isnan(x) ? x : 0;
  if (epilogue & kGelu) return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
  return x;
}

/** Whether the elements of a matrix, at an address, lie in memory. */
int present(const char* name, const Layout& x, uint64_t base) {
  const size_t size = bytesOf(x.type);
  const uint64_t last = (uint64_t)(x.count - 1) * (uint64_t)x.stride + (uint64_t)x.leading * (x.columns - 1) + x.rows;
  if (!tenon_inside(base, last * size)) return tenon_outside(name, base, last * size);
  return kSuccess;
}

}  // namespace

EXPORT size_t cublasLtGetVersion() { return 130100; }
EXPORT const char* cublasLtGetStatusName(int status) {
  switch (status) {
    case kSuccess: return "CUBLAS_STATUS_SUCCESS";
    case kNotInitialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case kInvalidValue: return "CUBLAS_STATUS_INVALID_VALUE";
    case kNotSupported: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_EXECUTION_FAILED";
  }
}
EXPORT const char* cublasLtGetStatusString(int) { return message.c_str(); }
EXPORT int cublasLtCreate(Handle** handle) { LOCK
  if (!tenon_has_context()) return refuse(kNotInitialized, "there is no context");
  return made(handle, handles, Handle{});
}
EXPORT int cublasLtDestroy(Handle* handle) { LOCK return destroyed(handle, handles, "the handle"); }

EXPORT int cublasLtMatmulDescCreate(Operation** operation, int compute, int scale) { LOCK
  if (compute != kCompute32 && compute != kCompute64 && compute != kComputeBrain && compute != kComputeTf32)
    return refuse(kInvalidValue, "there is no such compute type");
  Operation value;
  value.compute = compute;
  value.scale = scale;
  return made(operation, operations, value);
}
EXPORT int cublasLtMatmulDescDestroy(Operation* operation) { LOCK
  return destroyed(operation, operations, "the operation");
}
EXPORT int cublasLtMatmulDescSetAttribute(Operation* o, int attribute, const void* value, size_t bytes) { LOCK
  if (!operations.count(o)) return refuse(kInvalidValue, "the operation is none, or destroyed");
  switch (attribute) {
    case 3: return taken(o->transA, value, bytes);
    case 4: return taken(o->transB, value, bytes);
    case 7: return taken(o->epilogue, value, bytes);
    case 8: return taken(o->bias, value, bytes);
    default: return refuse(kInvalidValue, "an attribute of operations that is not known here");
  }
}

EXPORT int cublasLtMatrixLayoutCreate(Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t leading) { LOCK
  if (!isType(type)) return refuse(kInvalidValue, "there is no such type");
  Layout value;
  value.type = type;
  value.rows = rows;
  value.columns = columns;
  value.leading = leading;
  return made(layout, layouts, value);
}
EXPORT int cublasLtMatrixLayoutDestroy(Layout* layout) { LOCK return destroyed(layout, layouts, "the layout"); }
EXPORT int cublasLtMatrixLayoutSetAttribute(Layout* layout, int attribute, const void* value, size_t bytes) { LOCK
  if (!layouts.count(layout)) return refuse(kInvalidValue, "the layout is none, or destroyed");
  if (attribute == 5) return taken(layout->count, value, bytes);
  if (attribute == 6) return taken(layout->stride, value, bytes);
  return refuse(kInvalidValue, "an attribute of layouts that is not known here");
}

EXPORT int cublasLtMatmulPreferenceCreate(Preference** preference) { LOCK
  return made(preference, preferences, Preference{});
}
EXPORT int cublasLtMatmulPreferenceDestroy(Preference* preference) { LOCK
  return destroyed(preference, preferences, "the preference");
}
EXPORT int cublasLtMatmulPreferenceSetAttribute(Preference* p, int attribute, const void* value, size_t bytes) { LOCK
  if (!preferences.count(p)) return refuse(kInvalidValue, "the preference is none, or destroyed");
  if (attribute == 1) return taken(p->workspace, value, bytes);
  if (attribute == 3) return taken(p->reductions, value, bytes);
  if (attribute >= 5 && attribute <= 8) return taken(p->alignments[attribute - 5], value, bytes);
  return refuse(kInvalidValue, "an attribute of preferences that is not known here");
}

EXPORT int cublasLtMatmulAlgoGetHeuristic(Handle* handle, Operation* o, Layout* a, Layout* b, Layout* c, Layout* d,
                                          Preference* p, int wanted, Found* found, int* count) { LOCK
  if (const int status = checked(handle, o, {a, b, c, d}); status != kSuccess) return status;
  if (!preferences.count(p)) return refuse(kInvalidValue, "the preference is none, or destroyed");
  if (wanted < 1) return refuse(kInvalidValue, "nothing is wanted");
  *count = 0;
  for (int way = 0; way < kWays && *count < wanted; way++) {
    if (kWorkspaces[way] > p->workspace) continue;
    bool fits = true;
    for (const uint32_t alignment : p->alignments) fits = fits && alignment % kAlignments[way] == 0;
    if (!fits) continue;
    Found& one = found[(*count)++];
    one = {};
    one.algorithm.data[0] = kMark;
    one.algorithm.data[1] = (uint64_t)way;
    one.workspace = kWorkspaces[way];
  }
  return *count > 0 ? kSuccess : refuse(kNotSupported, "no way to compute this");
}
EXPORT int cublasLtMatmulAlgoCheck(Handle* handle, Operation* o, Layout* a, Layout* b, Layout* c, Layout* d,
                                   const Algorithm* algorithm, Found* found) { LOCK
  if (const int status = checked(handle, o, {a, b, c, d}); status != kSuccess) return status;
  if (algorithm->data[0] != kMark || algorithm->data[1] >= kWays)
    return refuse(kInvalidValue, "the algorithm is none of this version");
  *found = {};
  found->algorithm = *algorithm;
  found->workspace = kWorkspaces[algorithm->data[1]];
  return kSuccess;
}

EXPORT int cublasLtMatmul(Handle* handle, Operation* operation, const void* alpha, uint64_t a, Layout* layoutA, uint64_t b,
                          Layout* layoutB, const void* beta, uint64_t c, Layout* layoutC, uint64_t d, Layout* layoutD,
                          const Algorithm* algorithm, uint64_t workspace, size_t workspaceBytes, void* stream) { LOCK
  Found found;
  if (const int status = cublasLtMatmulAlgoCheck(handle, operation, layoutA, layoutB, layoutC, layoutD, algorithm, &found);
      status != kSuccess)
    return status;
  if (workspaceBytes < found.workspace) return refuse(kInvalidValue, "the workspace is too small");
  if (workspaceBytes > 0 && workspace % 256 != 0) return refuse(kInvalidValue, "the workspace is not aligned");
  const Operation o = *operation;
  const bool wide = o.scale == kFloat64;
  const double scale = wide ? *(const double*)alpha : *(const float*)alpha;
  const double kept = wide ? *(const double*)beta : *(const float*)beta;
  const uint64_t way = algorithm->data[1];
  for (const uint64_t address : {a, b, kept == 0 ? d : c, d})
    if (address % kAlignments[way] != 0) return refuse(kInvalidValue, "a matrix is not aligned as the algorithm wants it");
  if (c == d && layoutC != layoutD) return refuse(kInvalidValue, "in place, C and D have two layouts");
  if ((o.epilogue & kBias) != 0 && o.bias == 0) return refuse(kInvalidValue, "there is no bias");
  const Layout A = *layoutA, B = *layoutB, C = *layoutC, D = *layoutD;
  // what is enqueued holds no descriptor: these may be destroyed before it is done
  return tenon_enqueue(stream, [=] {
    runs++;
    tenon_pass(kTimes[way]);
    const uint64_t m = D.rows, n = D.columns, k = o.transA ? A.rows : A.columns;
    for (const auto& [name, layout, base] :
         {std::tuple("A", A, a), std::tuple("B", B, b), std::tuple("C", C, kept == 0 ? d : c), std::tuple("D", D, d)})
      if (const int status = present(name, layout, base); status != kSuccess) return status;
    if (workspaceBytes > 0 && !tenon_inside(workspace, workspaceBytes)) return tenon_outside("a workspace", workspace, workspaceBytes);
    if (workspaceBytes > 0) memset((void*)workspace, 0xa5, workspaceBytes);
    const size_t biasBytes = m * bytesOf(D.type);
    if ((o.epilogue & kBias) && !tenon_inside(o.bias, biasBytes)) return tenon_outside("a bias", o.bias, biasBytes);
    for (int batch = 0; batch < D.count; batch++) {
      const auto first = [batch](const Layout& x) { return (uint64_t)batch * (uint64_t)x.stride; };
      for (uint64_t column = 0; column < n; column++)
        for (uint64_t row = 0; row < m; row++) {
          double sum = 0;
          for (uint64_t i = 0; i < k; i++) {
            const uint64_t atA = o.transA ? row * (uint64_t)A.leading + i : i * (uint64_t)A.leading + row;
            const uint64_t atB = o.transB ? i * (uint64_t)B.leading + column : column * (uint64_t)B.leading + i;
            sum += factor(o.compute, read(A.type, a, first(A) + atA)) * factor(o.compute, read(B.type, b, first(B) + atB));
          }
          double value = scale * sum;
          if (kept != 0) value += kept * read(C.type, c, first(C) + column * (uint64_t)C.leading + row);
          if (o.epilogue & kBias) value += read(D.type, o.bias, row);
          write(D.type, d, first(D) + column * (uint64_t)D.leading + row, activated(o.epilogue, value));
        }
    }
    return (int)kSuccess;
  });
}

/** What has been made and not been given back, and how often a product was computed. */
EXPORT size_t tenon_live_products() { LOCK return handles.size() + operations.size() + layouts.size() + preferences.size(); }
EXPORT size_t tenon_product_runs() { LOCK return runs; }

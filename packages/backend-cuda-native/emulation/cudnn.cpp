// cuDNN without a device, for tests: the part of its graph interface that is used, by NVIDIA's documentation of it (cuDNN Backend API,
// "Descriptor Types" and "API Functions"). What a descriptor may be given, in which type and how often, what it wants before it is
// finalized, and what may be asked of it then, stands in a table; a call that the library would refuse is an error whose text says what
// was wrong. Any graph of the operations that are known here is computed, by the processor and in the order of the stream, but two products
// of matrices in one only as the engines for attention want them. TENON_EMULATED_CUDNN is its version; TENON_EMULATED_CUDNN_REFUSES
// are the heuristics that name no engine, and captures, where none may be. `tenon_live_computations` counts what is left.
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "operations.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

// of the driver without a device
int tenon_enqueue(void* stream, std::function<int()> work);
bool tenon_inside(unsigned long long address, size_t bytes);
int tenon_outside(const std::string& what, unsigned long long address, size_t bytes);
bool tenon_has_context();
bool tenon_is_captured();

namespace {

using namespace emulation;

enum Status { kSuccess = 0, kNotInitialized = 1001, kBadParam = 2000, kNotSupported = 3000, kExecutionFailed = 5000 };
enum AttributeType {
  kHandleType = 0,
  kDataType = 1,
  kBooleanType = 2,
  kInt64 = 3,
  kPointer = 6,
  kHeuristicsMode = 8,
  kNote = 11,
  kPointwiseMode = 14,
  kDescriptorType = 15,
  kReductionMode = 18
};
enum DescriptorType {
  kPointwise = 0,
  kEngine = 2,
  kConfig = 3,
  kHeuristics = 4,
  kPlan = 5,
  kPointwiseOperation = 13,
  kGraph = 15,
  kPack = 16,
  kTensor = 17,
  kMatmul = 18,
  kMatmulOperation = 19,
  kReduction = 21,
  kReductionOperation = 22,
  kAttentionOperation = 41,
  kBandOperation = 44,
  kSoftmaxOperation = 45
};
constexpr int kAnyOperation = -2, kNothing = -1;
constexpr int kFallback = 2, kModeA = 3;

struct Rule {
  int descriptor, name, type;
  bool required = true;
  int64_t most = 1;
  int refers = kNothing;
  /** The version that it came with. */
  size_t since = 90000;
};
constexpr int64_t kMany = 64;
const std::vector<Rule> rules = {
    {kTensor, 900, kInt64},
    {kTensor, 901, kDataType},
    {kTensor, 902, kInt64, true, 8},
    {kTensor, 903, kInt64, true, 8},
    {kTensor, 906, kInt64},
    {kTensor, 907, kBooleanType, false},
    {kTensor, 908, kBooleanType, false},
    {kPointwise, 0, kPointwiseMode},
    {kPointwise, 1, kDataType},
    {kPointwise, 9, kInt64, false},
    {kPointwiseOperation, 750, kDescriptorType, true, 1, kPointwise},
    {kPointwiseOperation, 751, kDescriptorType, true, 1, kTensor},
    {kPointwiseOperation, 752, kDescriptorType, false, 1, kTensor},
    {kPointwiseOperation, 753, kDescriptorType, true, 1, kTensor},
    {kPointwiseOperation, 758, kDescriptorType, false, 1, kTensor},
    {kMatmul, 1500, kDataType},
    {kMatmulOperation, 1520, kDescriptorType, true, 1, kTensor},
    {kMatmulOperation, 1521, kDescriptorType, true, 1, kTensor},
    {kMatmulOperation, 1522, kDescriptorType, true, 1, kTensor},
    {kMatmulOperation, 1523, kDescriptorType, true, 1, kMatmul},
    {kReduction, 1600, kReductionMode},
    {kReduction, 1601, kDataType},
    {kReductionOperation, 1610, kDescriptorType, true, 1, kTensor},
    {kReductionOperation, 1611, kDescriptorType, true, 1, kTensor},
    {kReductionOperation, 1612, kDescriptorType, true, 1, kReduction},
    {kAttentionOperation, 2800, kDescriptorType, true, 1, kTensor, 91300},
    {kAttentionOperation, 2801, kDescriptorType, true, 1, kTensor, 91300},
    {kAttentionOperation, 2802, kDescriptorType, true, 1, kTensor, 91300},
    {kAttentionOperation, 2803, kDescriptorType, true, 1, kTensor, 91300},
    {kAttentionOperation, 2804, kDescriptorType, false, 1, kTensor, 91300},
    {kAttentionOperation, 2805, kDescriptorType, false, 1, kTensor, 91300},
    {kAttentionOperation, 2811, kDescriptorType, false, 1, kGraph, 92100},
    {kAttentionOperation, 2812, kInt64, false, 1, kNothing, 92100},
    {kAttentionOperation, 2813, kInt64, false, 1, kNothing, 92100},
    {kAttentionOperation, 2814, kDescriptorType, false, 1, kSoftmaxOperation, 92100},
    {kBandOperation, 3000, kDescriptorType, true, 1, kTensor, 92000},
    {kBandOperation, 3005, kDescriptorType, true, 1, kTensor, 92000},
    {kBandOperation, 3006, kDescriptorType, true, 1, kTensor, 92000},
    {kBandOperation, 3007, kPointwiseMode, true, 1, kNothing, 92000},
    {kSoftmaxOperation, 3100, kDescriptorType, true, 1, kTensor, 92000},
    {kSoftmaxOperation, 3101, kDescriptorType, true, 1, kTensor, 92000},
    {kSoftmaxOperation, 3102, kDescriptorType, false, 1, kTensor, 92000},
    {kGraph, 800, kHandleType},
    {kGraph, 801, kDescriptorType, true, kMany, kAnyOperation},
    {kHeuristics, 200, kHeuristicsMode},
    {kHeuristics, 201, kDescriptorType, true, 1, kGraph},
    {kPlan, 400, kHandleType},
    {kPlan, 401, kDescriptorType, true, 1, kConfig},
    {kPack, 1000, kInt64, true, kMany},
    {kPack, 1001, kPointer, true, kMany},
    {kPack, 1003, kPointer},
};

/** Ways to compute a graph, in the order in which heuristics name them: one that cannot after all, one that adds up in any order. */
constexpr int kEngines = 4, kUnable = 0, kUnordered = 1;
constexpr int64_t kWorkspaces[kEngines] = {0, 0, 4096, 0};

struct Handle {
  void* stream = nullptr;
};
struct Held {
  int type;
  int64_t count;
  std::vector<char> bytes;
};
struct Program {
  std::vector<Operation> operations;
  /** By id, all tensors. */
  std::map<int64_t, Tensor> tensors;
};
struct Descriptor {
  int type;
  bool isFinal = false;
  std::map<int, Held> held;
  /** Of what a graph has been given to. */
  std::shared_ptr<const Program> program;
  int engine = -1;
  Handle* handle = nullptr;
  bool hasRun = false;

  template <typename T>
  std::vector<T> all(int name) const {
    const auto found = held.find(name);
    if (found == held.end()) return {};
    std::vector<T> values((size_t)found->second.count);
    memcpy(values.data(), found->second.bytes.data(), found->second.bytes.size());
    return values;
  }
  template <typename T>
  T one(int name, T otherwise = {}) const {
    return held.count(name) ? all<T>(name)[0] : otherwise;
  }
  const Descriptor* other(int name) const { return one<Descriptor*>(name, nullptr); }
};

std::recursive_mutex mutex;
#define LOCK const std::lock_guard<std::recursive_mutex> lock(mutex);

std::string message;
std::set<Handle*> handles;
std::set<Descriptor*> descriptors;
size_t runs = 0;

int refuse(int status, const std::string& why) {
  message = why;
  return status;
}
std::string number(int64_t x) { return std::to_string(x); }

size_t version() {
  const char* text = getenv("TENON_EMULATED_CUDNN");
  return text == nullptr ? 92200 : (size_t)strtol(text, nullptr, 10);
}

size_t bytesOf(int type) {
  if (type == kBooleanType) return 1;
  return type == kHandleType || type == kInt64 || type == kPointer || type == kDescriptorType ? 8 : 4;
}

/** What is wrong with a tensor; empty where nothing is. */
std::string faultOf(const Tensor& x) {
  if (!isType(x.type)) return "a tensor is of type " + number(x.type);
  if (x.sizes.size() != x.strides.size()) return "a tensor has more sizes than strides, or fewer";
  if (x.sizes.size() < 3) return "a tensor has " + number((int64_t)x.sizes.size()) + " axes";
  if (x.alignment < 1 || (x.alignment & (x.alignment - 1)) != 0) return "an alignment of " + number(x.alignment);
  if (x.isVirtual && x.isByValue) return "a tensor is virtual and on the host";
  for (const int64_t n : x.sizes)
    if (n < 1) return "a size is " + number(n);
  for (const int64_t n : x.strides)
    if (n < 1) return "a stride is " + number(n);
  return "";
}

Tensor tensorOf(const Descriptor* d) {
  if (d == nullptr) return {};
  Tensor x;
  x.id = d->one<int64_t>(906);
  x.type = d->one<int>(901);
  x.sizes = d->all<int64_t>(902);
  x.strides = d->all<int64_t>(903);
  x.alignment = d->one<int64_t>(900);
  x.isVirtual = d->one<char>(907) != 0;
  x.isByValue = d->one<char>(908) != 0;
  return x;
}

Operation operationOf(const Descriptor& d) {
  const auto tensors = [&](std::initializer_list<int> names) {
    std::vector<Tensor> made;
    for (const int name : names) made.push_back(tensorOf(d.other(name)));
    return made;
  };
  Operation o{};
  switch (d.type) {
    case kMatmulOperation: return {Kind::kProduct, 0, -1, tensors({1520, 1521}), tensors({1522}), nullptr, 0, 0};
    case kReductionOperation:
      return {Kind::kReduction, d.other(1612)->one<int>(1600), -1, tensors({1610}), tensors({1611}), nullptr, 0, 0};
    case kPointwiseOperation:
      return {Kind::kPointwise, d.other(750)->one<int>(0), d.other(750)->one<int64_t>(9, -1),
              tensors({751, 752, 758}), tensors({753}), nullptr, 0, 0};
    case kBandOperation: return {Kind::kBand, d.one<int>(3007), -1, tensors({3000, 3005}), tensors({3006}), nullptr, 0, 0};
    case kSoftmaxOperation: return {Kind::kSoftmax, 0, -1, tensors({3100}), tensors({3101, 3102}), nullptr, 0, 0};
    default: break;
  }
  o = {Kind::kAttention, 0, -1, tensors({2800, 2801, 2802, 2805}), tensors({2803, 2804}), nullptr, 0, 0};
  if (const Descriptor* softmax = d.other(2814)) o.outputs[1] = tensorOf(softmax->other(3102));
  if (const Descriptor* between = d.other(2811)) {
    o.between = std::make_shared<const std::vector<Operation>>(between->program->operations);
    o.from = d.one<int64_t>(2812);
    o.to = d.one<int64_t>(2813);
  }
  return o;
}

/** Whether an array may stand for a larger one: as many along each axis, or one of which there are several, in groups for products. */
bool spreads(const Tensor& x, const Sizes& to, size_t grouped) {
  if (x.sizes.size() != to.size()) return false;
  for (size_t i = 0; i < to.size(); i++)
    if (i < grouped ? to[i] % x.sizes[i] != 0 : x.sizes[i] != 1 && x.sizes[i] != to[i]) return false;
  return true;
}

std::string faultOf(const Operation& o) {
  const Tensor& y = o.outputs[0];
  const size_t rank = y.sizes.size();
  if (y.isByValue) return "what is computed is on the host";
  if (o.kind == Kind::kProduct) {
    const Tensor &a = o.inputs[0], &b = o.inputs[1];
    if (a.sizes.size() != rank || b.sizes.size() != rank) return "factors of other ranks than the product's";
    if (a.sizes[rank - 1] != b.sizes[rank - 2])
      return "k is " + number(a.sizes[rank - 1]) + " in A and " + number(b.sizes[rank - 2]) + " in B";
    Sizes left = y.sizes, right = y.sizes;
    left[rank - 1] = right[rank - 2] = a.sizes[rank - 1];
    return spreads(a, left, rank - 2) && spreads(b, right, rank - 2) ? "" : "factors do not have the product's rows, columns and batches";
  }
  if (o.kind == Kind::kReduction) {
    if (o.mode != kSum && o.mode != kLargest) return "a reduction that is not known here";
    return spreads(y, o.inputs[0].sizes, 0) ? "" : "a reduction to sizes that its operand does not have";
  }
  if (o.kind == Kind::kSoftmax) return o.inputs[0].sizes == y.sizes ? "" : "shares of other sizes than what they are of";
  if (o.kind == Kind::kPointwise) {
    const std::set<int> binary = {kAdd, kMultiply, kDivide, kSubtract, kNotLess}, unary = {kExp, kLog, kIndex};
    const bool hasB = !o.inputs[1].sizes.empty(), hasT = !o.inputs[2].sizes.empty();
    const bool fits = o.mode == kSelect ? hasB && hasT : binary.count(o.mode) ? hasB && !hasT : unary.count(o.mode) && !hasB && !hasT;
    if (!fits) return "mode " + number(o.mode) + " is not known here, or not with these operands";
    if ((o.mode == kIndex) != (o.axis >= 0) || o.axis >= (int64_t)rank) return "an axis of " + number(o.axis);
    if (o.mode == kSelect && o.inputs[2].type != kBoolean) return "a selection by what is not boolean";
  }
  if (o.kind == Kind::kAttention) {
    const Sizes &q = o.inputs[0].sizes, &k = o.inputs[1].sizes, &v = o.inputs[2].sizes, &all = y.sizes;
    if (q.size() != 4 || k.size() != 4 || v.size() != 4 || rank != 4) return "an attention of other ranks";
    const bool fits = q == Sizes{all[0], all[1], all[2], k[3]} && v == Sizes{k[0], k[1], k[2], all[3]} && k[0] == q[0] && q[1] % k[1] == 0;
    return fits ? "" : "operands of an attention that do not fit each other";
  }
  for (const Tensor& x : o.inputs)
    if (!x.sizes.empty() && !spreads(x, y.sizes, 0)) return "operands of sizes that do not spread over the result's";
  return "";
}

/** What the engines for attention do not take. */
std::string unsupported(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& y, const Tensor& stats, int shares) {
  if (q.type != kFloat16 && q.type != kBfloat16) return "attention of other types than floats of 16 bits";
  for (const Tensor* x : {&k, &v, &y})
    if (x->type != q.type) return "operands of several types";
  if (shares != q.type) return "shares are not of the operands' type";
  for (const Tensor* x : {&q, &v, &y}) {
    if (x->strides[3] != 1) return "features do not lie side by side";
    if (x->sizes[3] % 8 != 0 || x->sizes[3] > 128) return number(x->sizes[3]) + " features";
  }
  for (const Tensor* x : {&q, &k, &v, &y}) {
    if (x->alignment % 16 != 0) return "operands that are not aligned to 16 bytes";
    if (x->isVirtual || x->isByValue) return "operands that are not in memory";
    for (const int64_t stride : x->strides)
      if (stride != 1 && stride % 8 != 0) return "rows that are not aligned to 16 bytes";
  }
  if (stats.sizes.empty()) return "";
  if (stats.type != kFloat32 || stats.isVirtual) return "statistics that are not float32 in memory";
  const Sizes &n = stats.sizes, packed = {n[1] * n[2], n[2], 1, 1};
  return n == Sizes{q.sizes[0], q.sizes[1], q.sizes[2], 1} && stats.strides == packed ? "" : "statistics that are not packed";
}

std::string unsupported(const Program& p) {
  std::vector<const Operation*> products;
  Tensor stats;
  for (const Operation& o : p.operations) {
    if (o.kind == Kind::kAttention)
      return unsupported(o.inputs[0], o.inputs[1], o.inputs[2], o.outputs[0], o.outputs[1], o.inputs[0].type);
    if (o.kind == Kind::kProduct) products.push_back(&o);
    else if (!o.outputs[0].isVirtual) stats = o.outputs[0];
  }
  if (products.size() < 2) return "";
  if (products.size() > 2) return "more than two products";
  const auto &[first, second] = std::pair(*products[0], *products[1]);
  const auto isLogarithm = [](const Operation& o) { return o.kind == Kind::kPointwise && o.mode == kLog; };
  if (std::none_of(p.operations.begin(), p.operations.end(), isLogarithm)) return "no logarithm of the sums";
  Tensor k = first.inputs[1];
  if (k.strides[2] != 1) return "features of keys do not lie side by side";
  return unsupported(first.inputs[0], k, second.inputs[1], second.outputs[0], stats, second.inputs[0].type);
}

/** The operations of a graph, each of whose tensors is what it is elsewhere, and is there when it is read. */
int finalizeGraph(Descriptor& graph) {
  auto program = std::make_shared<Program>();
  std::set<int64_t> computed;
  std::string fault;
  const std::vector<Descriptor*> operations = graph.all<Descriptor*>(801);
  const auto meet = [&](const Tensor& x) {
    if (const auto [at, isNew] = program->tensors.emplace(x.id, x); !isNew && at->second != x) fault = "two tensors have the id " + number(x.id);
  };
  const auto visit = [&](const Operation& o, const auto& self) -> void {
    for (const Tensor& x : o.inputs) {
      if (x.sizes.empty()) continue;
      meet(x);
    }
    if (o.between != nullptr) {
      computed.insert(o.from);
      for (const Operation& inner : *o.between) self(inner, self);
      if (!computed.count(o.to)) fault = "what is done with scores does not give what is named as its result";
    }
    for (const Tensor& x : o.outputs) {
      if (x.sizes.empty()) continue;
      meet(x);
      if (!computed.insert(x.id).second) fault = "tensor " + number(x.id) + " is computed twice";
    }
  };
  for (const Descriptor* d : operations) program->operations.push_back(operationOf(*d));
  // of the part of an attention, the scores come from outside
  const bool isPart = std::all_of(operations.begin(), operations.end(), [](auto* d) { return d->type == kBandOperation; });
  if (isPart) computed.insert(program->operations[0].inputs[0].id);
  for (const Operation& o : program->operations) {
    for (const Tensor& x : o.inputs)
      if (!x.sizes.empty() && x.isVirtual && !computed.count(x.id)) fault = "tensor " + number(x.id) + " is read before it is computed";
    visit(o, visit);
  }
  if (!fault.empty()) return refuse(kBadParam, fault);
  graph.program = program;
  return kSuccess;
}

int finalizePlan(Descriptor& plan) {
  const Descriptor* config = plan.other(401);
  plan.program = config->program;
  plan.engine = config->engine;
  plan.handle = plan.one<Handle*>(400);
  if (!handles.count(plan.handle)) return refuse(kNotInitialized, "the handle is none, or destroyed");
  return plan.engine == kUnable ? refuse(kNotSupported + 1, "the engine cannot do this after all") : kSuccess;
}

bool refuses(const char* what) {
  const char* all = getenv("TENON_EMULATED_CUDNN_REFUSES");
  return all != nullptr && strstr(all, what) != nullptr;
}

/** Engines that heuristics of a mode name. */
std::vector<int> enginesOf(int mode) {
  if (mode == kModeA) return refuses("A") ? std::vector<int>{} : std::vector<int>{0, 1, 2, 3};
  return refuses("fallback") ? std::vector<int>{} : std::vector<int>{3};
}

bool isLive(const void* d) { return descriptors.count((Descriptor*)d) > 0; }

/** What a run reads and writes, by id. */
int execute(Handle& handle, Descriptor& plan, const Descriptor& pack) {
  const auto ids = pack.all<int64_t>(1000);
  const auto pointers = pack.all<uint64_t>(1001);
  const uint64_t workspace = pack.one<uint64_t>(1003);
  if (ids.size() != pointers.size()) return refuse(kBadParam, "ids and addresses are not as many");
  std::map<int64_t, uint64_t> given;
  for (size_t i = 0; i < ids.size(); i++)
    if (!given.emplace(ids[i], pointers[i]).second) return refuse(kBadParam, "tensor " + number(ids[i]) + " is given twice");
  Known known;
  std::vector<std::pair<Tensor, uint64_t>> inMemory;
  for (const auto& [id, x] : plan.program->tensors) {
    if (x.isVirtual) continue;
    const auto at = given.find(id);
    if (at == given.end()) return refuse(kBadParam, "tensor " + number(id) + " is not given");
    if (at->second % (uint64_t)x.alignment != 0) return refuse(kBadParam, "tensor " + number(id) + " is not aligned");
    if (x.isByValue) known[id] = {x.sizes, {load(x.type, at->second, 0)}};  // at once: the host may forget it
    else inMemory.emplace_back(x, at->second);
    given.erase(at);
  }
  if (!given.empty()) return refuse(kBadParam, "tensor " + number(given.begin()->first) + " is given and not there");
  if (tenon_is_captured() && (!plan.hasRun || refuses("captures"))) return refuse(kExecutionFailed, "what runs first loads code, which a capture forbids");
  const int64_t bytes = kWorkspaces[plan.engine];
  if (bytes > 0 && workspace % 256 != 0) return refuse(kBadParam, "the workspace is not aligned");
  const auto program = plan.program;
  const int status = tenon_enqueue(handle.stream, [=] {
    runs++;
    if (bytes > 0 && !tenon_inside(workspace, (size_t)bytes)) return tenon_outside("a workspace", workspace, (size_t)bytes);
    Known values = known;
    for (const auto& [x, base] : inMemory) {
      const size_t size = (size_t)x.extent() * sizeOf(x.type);
      if (!tenon_inside(base, size)) return tenon_outside("tensor " + number(x.id), base, size);
      Values& read = values[x.id] = {x.sizes, {}};
      each(x.sizes, [&, &x = x, base = base](const Sizes& at) {
        int64_t place = 0;
        for (size_t i = 0; i < at.size(); i++) place += at[i] * x.strides[i];
        read.data.push_back(load(x.type, base, place));
      });
    }
    std::set<int64_t> written;
    for (const Operation& o : program->operations)
      for (const Tensor& y : o.outputs) written.insert(y.id);
    compute(program->operations, values);
    for (const auto& [x, base] : inMemory) {
      if (!written.count(x.id)) continue;
      size_t next = 0;
      each(x.sizes, [&, &x = x, base = base](const Sizes& at) {
        int64_t place = 0;
        for (size_t i = 0; i < at.size(); i++) place += at[i] * x.strides[i];
        store(x.type, base, place, values.at(x.id).data[next++]);
      });
    }
    return 0;
  });
  if (status != 0) return refuse(kExecutionFailed, "the stream takes no more");
  plan.hasRun = true;
  return kSuccess;
}

}  // namespace

EXPORT size_t cudnnGetVersion() { LOCK return version(); }
EXPORT const char* cudnnGetErrorString(int status) {
  switch (status) {
    case kSuccess: return "CUDNN_STATUS_SUCCESS";
    case kNotInitialized: return "CUDNN_STATUS_NOT_INITIALIZED";
    case kBadParam: return "CUDNN_STATUS_BAD_PARAM";
    case kNotSupported: return "CUDNN_STATUS_NOT_SUPPORTED";
    case kNotSupported + 1: return "CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN";
    default: return "CUDNN_STATUS_EXECUTION_FAILED";
  }
}
EXPORT void cudnnGetLastErrorString(char* text, size_t bytes) { LOCK
  strncpy(text, message.c_str(), bytes - 1);
  text[bytes - 1] = 0;
}
EXPORT int cudnnCreate(Handle** handle) { LOCK
  if (!tenon_has_context()) return refuse(kNotInitialized, "there is no context");
  return handles.insert(*handle = new Handle), kSuccess;
}
EXPORT int cudnnDestroy(Handle* handle) { LOCK
  if (handles.erase(handle) == 0) return refuse(kBadParam, "the handle is none, or destroyed");
  delete handle;
  return kSuccess;
}
EXPORT int cudnnSetStream(Handle* handle, void* stream) { LOCK
  if (!handles.count(handle)) return refuse(kNotInitialized, "the handle is none, or destroyed");
  return handle->stream = stream, kSuccess;
}

EXPORT int cudnnBackendCreateDescriptor(int type, Descriptor** descriptor) { LOCK
  const bool isFilled = type == kEngine || type == kConfig;
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.descriptor == type; });
  if (!isFilled && (rule == rules.end() || rule->since > version()))
    return refuse(kNotSupported, "there is no descriptor of type " + number(type));
  descriptors.insert(*descriptor = new Descriptor{.type = type, .held = {}, .program = {}});
  return kSuccess;
}
EXPORT int cudnnBackendDestroyDescriptor(Descriptor* descriptor) { LOCK
  if (descriptors.erase(descriptor) == 0) return refuse(kBadParam, "the descriptor is none, or destroyed");
  delete descriptor;
  return kSuccess;
}
EXPORT int cudnnBackendSetAttribute(Descriptor* d, int name, int type, int64_t count, const void* elements) { LOCK
  if (!isLive(d)) return refuse(kBadParam, "the descriptor is none, or destroyed");
  if (d->isFinal) return refuse(kBadParam, "the descriptor is final");
  const auto rule =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.descriptor == d->type && r.name == name; });
  if (rule == rules.end() || rule->since > version())
    return refuse(kBadParam, "attribute " + number(name) + " is none of descriptor type " + number(d->type));
  if (type != rule->type) return refuse(kBadParam, "attribute " + number(name) + " is of type " + number(rule->type) + ", not " + number(type));
  if (count < 1 || count > rule->most || elements == nullptr)
    return refuse(kBadParam, "attribute " + number(name) + " is given " + number(count) + " elements");
  const size_t bytes = (size_t)count * bytesOf(type);
  Held held{type, count, std::vector<char>((const char*)elements, (const char*)elements + bytes)};
  for (int64_t i = 0; type == kDescriptorType && i < count; i++) {
    const Descriptor* other = ((Descriptor* const*)elements)[i];
    if (!isLive(other)) return refuse(kBadParam, "attribute " + number(name) + " refers to what is none, or destroyed");
    if (!other->isFinal) return refuse(kBadParam, "attribute " + number(name) + " refers to what is not final");
    const bool isOperation = other->type == kPointwiseOperation || other->type == kMatmulOperation ||
                             other->type == kReductionOperation || other->type >= kAttentionOperation;
    if (rule->refers == kAnyOperation ? !isOperation : other->type != rule->refers)
      return refuse(kBadParam, "attribute " + number(name) + " refers to a descriptor of type " + number(other->type));
  }
  d->held[name] = held;
  return kSuccess;
}

EXPORT int cudnnBackendFinalize(Descriptor* d) { LOCK
  if (!isLive(d)) return refuse(kBadParam, "the descriptor is none, or destroyed");
  if (d->isFinal) return refuse(kBadParam, "the descriptor is final already");
  for (const Rule& rule : rules)
    if (rule.descriptor == d->type && rule.required && !d->held.count(rule.name))
      return refuse(kBadParam, "attribute " + number(rule.name) + " is missing");
  std::string fault;
  int status = kSuccess;
  switch (d->type) {
    case kTensor: fault = faultOf(tensorOf(d)); break;
    case kPointwiseOperation: case kMatmulOperation: case kReductionOperation: case kBandOperation: case kSoftmaxOperation:
    case kAttentionOperation: fault = faultOf(operationOf(*d)); break;
    case kGraph: status = finalizeGraph(*d); break;
    case kHeuristics:
      d->program = d->other(201)->program;
      if (const std::string why = unsupported(*d->program); !why.empty()) status = refuse(kNotSupported + 1, why);
      break;
    case kPlan: status = finalizePlan(*d); break;
    case kEngine: case kConfig: fault = "the library fills this one"; break;
    default: break;
  }
  if (!fault.empty()) return refuse(kBadParam, fault);
  d->isFinal = status == kSuccess;
  return status;
}

EXPORT int cudnnBackendGetAttribute(Descriptor* d, int name, int type, int64_t wanted, int64_t* count, void* elements) { LOCK
  if (!isLive(d)) return refuse(kBadParam, "the descriptor is none, or destroyed");
  if (!d->isFinal) return refuse(kBadParam, "the descriptor is not final");
  if (d->type == kHeuristics && name == 202 && type == kDescriptorType) {
    const std::vector<int> engines = enginesOf(d->one<int>(200));
    // more than are left when each has been looked at
    if (wanted == 0) return *count = (int64_t)engines.size() + 1, kSuccess;
    *count = std::min(wanted, (int64_t)engines.size());
    for (int64_t i = 0; i < *count; i++) {
      Descriptor* config = ((Descriptor**)elements)[i];
      if (!isLive(config) || config->type != kConfig) return refuse(kBadParam, "what is to be filled is no configuration");
      config->program = d->program;
      config->engine = engines[(size_t)i];
      config->isFinal = true;
    }
    return kSuccess;
  }
  if (d->type == kConfig && name == 300 && type == kDescriptorType && wanted == 1) {
    Descriptor* engine = *(Descriptor**)elements;
    if (!isLive(engine) || engine->type != kEngine) return refuse(kBadParam, "what is to be filled is no engine");
    engine->engine = d->engine;
    engine->isFinal = true;
    return *count = 1, kSuccess;
  }
  if (d->type == kEngine && name == 1303 && type == kNote) {
    *count = d->engine == kUnordered ? 2 : 1;
    const int notes[] = {0, 4};  // tensor cores, and no order
    memcpy(elements, notes, sizeof(int) * (size_t)std::min(*count, wanted));
    return kSuccess;
  }
  if (d->type == kPlan && name == 402 && type == kInt64 && wanted == 1)
    return *(int64_t*)elements = kWorkspaces[d->engine], *count = 1, kSuccess;
  return refuse(kBadParam, "attribute " + number(name) + " cannot be asked of descriptor type " + number(d->type));
}

EXPORT int cudnnBackendExecute(Handle* handle, Descriptor* plan, Descriptor* pack) { LOCK
  if (!handles.count(handle)) return refuse(kNotInitialized, "the handle is none, or destroyed");
  for (Descriptor* d : {plan, pack})
    if (!isLive(d) || !d->isFinal) return refuse(kBadParam, "a descriptor is none, destroyed, or not final");
  if (plan->type != kPlan || pack->type != kPack) return refuse(kBadParam, "a plan and what it is given are wanted");
  if (plan->handle != handle) return refuse(kBadParam, "the plan is of another handle");
  return execute(*handle, *plan, *pack);
}

/** What has been made and not been given back, and how often a graph was computed. */
EXPORT size_t tenon_live_computations() { LOCK return handles.size() + descriptors.size(); }
EXPORT size_t tenon_computation_runs() { LOCK return runs; }

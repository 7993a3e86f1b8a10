// cuDNN without a device, for tests: the part of its graph interface that is used, by NVIDIA's documentation of it (cuDNN Backend API,
// "Descriptor Types" and "API Functions"). A call that the library would refuse is an error whose text says what was wrong. Any graph of
// the operations that are known here is computed, by the processor and in the order of the stream, but two products of matrices in one
// only as the engines for attention want them. TENON_EMULATED_CUDNN is its version; TENON_EMULATED_CUDNN_REFUSES are the heuristics that
// name no engine, and captures, where none may be. `tenon_live_computations` counts what is left.
#include <stdlib.h>
#include <string.h>

#include <mutex>

#include "graphs.h"

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
constexpr int kModeA = 3;

/** Ways to compute a graph, in the order in which heuristics name them: one that cannot after all, one that adds up in any order. */
constexpr int kEngines = 4, kUnable = 0, kUnordered = 1;
constexpr int64_t kWorkspaces[kEngines] = {0, 0, 4096, 0};

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

size_t version() {
  const char* text = getenv("TENON_EMULATED_CUDNN");
  return text == nullptr ? 92200 : (size_t)strtol(text, nullptr, 10);
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
    case kGraph: fault = readGraph(*d); break;
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

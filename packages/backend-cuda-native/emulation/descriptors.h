// Descriptors of cuDNN's graph interface, as its documentation has them (NVIDIA, cuDNN Backend API, "Descriptor Types"): what one may be
// given, in which type and how often, and what it wants before it is finalized.
#pragma once
#include <string.h>

#include "operations.h"

namespace emulation {

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

struct Rule {
  int descriptor, name, type;
  bool required = true;
  int64_t most = 1;
  int refers = kNothing;
  /** The version that it came with. */
  size_t since = 90000;
};
constexpr int64_t kMany = 64;
inline const std::vector<Rule> rules = {
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

inline size_t bytesOf(int type) {
  if (type == kBooleanType) return 1;
  return type == kHandleType || type == kInt64 || type == kPointer || type == kDescriptorType ? 8 : 4;
}

}  // namespace emulation

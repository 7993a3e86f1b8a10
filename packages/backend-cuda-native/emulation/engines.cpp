// What NVIDIA's cuDNN plans for graphs of operations on a GPU that it is told of, where there is none (since version 9.8). Arguments are
// a driver of no GPU, cuDNN's library of graphs, a file with the properties of the GPU, and one with descriptions of graphs as the addon
// is given them: how many, and the length of each before its numbers. Prints the library's version, and a line for each graph.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "../native/computations.h"

namespace {

using tenon::ComputationShape;
namespace dnn = tenon::dnn;

// cuDNN Backend API, "Descriptor Types", CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR; attributes that take one in place of a handle
constexpr auto kDevice = static_cast<dnn::DescriptorType>(38);
constexpr auto kDeviceText = static_cast<dnn::Attribute>(2702), kPlanDevice = static_cast<dnn::Attribute>(407),
               kHeuristicsDevice = static_cast<dnn::Attribute>(204);
constexpr auto kCharacters = static_cast<dnn::AttributeType>(24);

std::vector<char> contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Planner {
 public:
  Planner(const tenon::Dnn& library, std::vector<char> properties) : library_(library) {
    device_ = create(kDevice);
    properties.push_back(0);
    TENON_CUDA(library_, setAttribute, device_, kDeviceText, kCharacters, (int64_t)properties.size(), properties.data());
    TENON_CUDA(library_, finalize, device_);
  }

  /** The engine that is the first to take a graph; what is refused is a `Failure`. */
  std::string plan(const ComputationShape& shape) {
    std::vector<dnn::Descriptor> made;
    for (const auto& [type, attributes] : shape.descriptors) {
      made.push_back(create(static_cast<dnn::DescriptorType>(type)));
      for (const auto& attribute : attributes) set(made, attribute);
      TENON_CUDA(library_, finalize, made.back());
    }
    std::string why = "no engine";
    for (const int mode : shape.modes) {
      const dnn::Descriptor heuristics = create(dnn::kHeuristics);
      TENON_CUDA(library_, setAttribute, heuristics, dnn::kHeuristicsGraph, dnn::kDescriptor, 1, &made.back());
      TENON_CUDA(library_, setAttribute, heuristics, dnn::kHeuristicsMode, dnn::kMode, 1, &mode);
      TENON_CUDA(library_, setAttribute, heuristics, kHeuristicsDevice, dnn::kDescriptor, 1, &device_);
      TENON_CUDA(library_, finalize, heuristics);
      std::vector<dnn::Descriptor> configs(16);
      for (dnn::Descriptor& config : configs) config = create(dnn::kEngineConfig);
      int64_t count = 0;
      TENON_CUDA(library_, getAttribute, heuristics, dnn::kHeuristicsResults, dnn::kDescriptor, 16, &count, configs.data());
      for (int64_t i = 0; i < count; i++) {
        const dnn::Descriptor plan = create(dnn::kPlan);
        TENON_CUDA(library_, setAttribute, plan, dnn::kPlanConfig, dnn::kDescriptor, 1, &configs[(size_t)i]);
        TENON_CUDA(library_, setAttribute, plan, kPlanDevice, dnn::kDescriptor, 1, &device_);
        if (library_.finalize(plan) == dnn::kSuccess) return isOrdered(configs[(size_t)i]) ? "planned" : "in no order";
        why = "no plan";
      }
    }
    return why;
  }

 private:
  // nothing is destroyed: the process ends soon
  dnn::Descriptor create(dnn::DescriptorType type) const {
    dnn::Descriptor made = nullptr;
    TENON_CUDA(library_, createDescriptor, type, &made);
    return made;
  }

  void set(const std::vector<dnn::Descriptor>& made, const ComputationShape::Attribute& a) const {
    const auto give = [&](const auto& values) {
      TENON_CUDA(library_, setAttribute, made.back(), static_cast<dnn::Attribute>(a.name),
                 static_cast<dnn::AttributeType>(a.type), (int64_t)values.size(), values.data());
    };
    if (a.type == dnn::kHandle) return;  // which there is none of without a GPU
    if (a.type == dnn::kInt64) return give(std::vector<int64_t>(a.values.begin(), a.values.end()));
    if (a.type == dnn::kBoolean) return give(std::vector<char>(a.values.begin(), a.values.end()));
    if (a.type != dnn::kDescriptor) return give(std::vector<int32_t>(a.values.begin(), a.values.end()));
    std::vector<dnn::Descriptor> others;
    for (const double number : a.values) others.push_back(made[(size_t)number]);
    give(others);
  }

  bool isOrdered(dnn::Descriptor config) const {
    dnn::Descriptor engine = create(dnn::kEngine);
    int64_t count = 0;
    TENON_CUDA(library_, getAttribute, config, dnn::kConfigEngine, dnn::kDescriptor, 1, &count, &engine);
    std::vector<int32_t> notes(64);
    TENON_CUDA(library_, getAttribute, engine, dnn::kEngineNotes, dnn::kNumericalNote, 64, &count, notes.data());
    for (int64_t i = 0; i < count; i++)
      if (notes[(size_t)i] == dnn::kNondeterministic) return false;
    return true;
  }

  const tenon::Dnn& library_;
  dnn::Descriptor device_ = nullptr;
};

}  // namespace

int main(int, char** argv) {
  if (dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) == nullptr) return 1;
  const tenon::Dnn library({argv[2]}, {argv[2]});
  printf("%zu\n", library.version());
  const std::vector<char> bytes = contents(argv[4]);
  std::vector<double> numbers(bytes.size() / sizeof(double));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  try {
    Planner planner(library, contents(argv[3]));
    const double* next = numbers.data();
    for (auto left = (size_t)*next++; left > 0; left--) {
      const auto length = (size_t)*next++;
      try {
        printf("%s\n", planner.plan(ComputationShape({next, length})).c_str());
      } catch (const tenon::Failure& failure) {
        printf("%s\n", failure.what());
      }
      next += length;
    }
  } catch (const tenon::Failure& failure) {
    printf("%s\n", failure.what());
    return 1;
  }
  fflush(stdout);
  _Exit(0);
}

#include "computations.h"

#include <cstring>

#include "numbers.h"

namespace tenon {

namespace {

/** A list of the description, whose members are read by `read`. */
template <typename T, typename Read>
void list(Numbers& numbers, std::vector<T>& to, Read read) {
  for (auto left = numbers.next<size_t>(); left > 0; left--) to.push_back(read());
}

template <typename T>
std::vector<T> as(const std::vector<double>& values) {
  std::vector<T> converted;
  for (const double value : values) converted.push_back(static_cast<T>(value));
  return converted;
}

template <typename T>
std::vector<char> bytesOf(T value) {
  std::vector<char> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

Failure invalid(const char* why) { return Failure("computation", -1, "INVALID_SHAPE", why); }

bool isUnsupported(dnn::Status status) { return status / dnn::kKind == dnn::kNotSupported; }

}  // namespace

ComputationShape::ComputationShape(std::span<const double> numbers) {
  Numbers next(numbers, "computation");
  list(next, descriptors, [&] {
    Descriptor descriptor{next.next<int>(), {}};
    list(next, descriptor.attributes, [&] {
      Attribute attribute{};
      next.to(attribute.name, attribute.type);
      list(next, attribute.values, [&] { return next.next<double>(); });
      return attribute;
    });
    return descriptor;
  });
  list(next, modes, [&] { return next.next<int>(); });
  list(next, operands, [&] { return next.next<int64_t>(); });
  list(next, scalars, [&] {
    Scalar scalar{};
    next.to(scalar.id, scalar.type, scalar.value);
    return scalar;
  });
  next.end();
  if (descriptors.empty()) throw invalid("there is no graph");
}

Computations::Descriptors::~Descriptors() {
  while (!all.empty()) all.pop_back();
}

Computations::Computations(std::shared_ptr<const Dnn> dnn, cu::Stream stream) : dnn_(std::move(dnn)) {
  dnn::Handle made = nullptr;
  TENON_CUDA(*dnn_, create, &made);
  handle_ = {made, [dnn = dnn_](dnn::Handle h) { dnn->destroy(h); }};
  TENON_CUDA(*dnn_, setStream, made, stream);
}

Computations::Descriptor Computations::create(int type) const {
  dnn::Descriptor made = nullptr;
  TENON_CUDA(*dnn_, createDescriptor, static_cast<dnn::DescriptorType>(type), &made);
  return {made, [dnn = dnn_](dnn::Descriptor d) { dnn->destroyDescriptor(d); }};
}

void Computations::set(const Descriptor& to, dnn::Attribute name, dnn::AttributeType type, int64_t count,
                       const void* values) const {
  TENON_CUDA(*dnn_, setAttribute, to.get(), name, type, count, values);
}

void Computations::set(const Descriptor& to, const ComputationShape::Attribute& attribute,
                       const Descriptors& before) const {
  const auto give = [&](const auto& values) {
    set(to, static_cast<dnn::Attribute>(attribute.name), static_cast<dnn::AttributeType>(attribute.type),
        static_cast<int64_t>(values.size()), values.data());
  };
  switch (attribute.type) {
    case dnn::kHandle: return give(std::vector<dnn::Handle>{handle_.get()});
    case dnn::kBoolean: return give(as<unsigned char>(attribute.values));
    case dnn::kInt64: return give(as<int64_t>(attribute.values));
    case dnn::kFloat: return give(as<float>(attribute.values));
    case dnn::kDouble: return give(attribute.values);
    case dnn::kPointer: throw invalid("addresses are given when it runs");
    case dnn::kDescriptor: {
      std::vector<dnn::Descriptor> referred;
      for (const auto number : as<size_t>(attribute.values)) {
        if (number >= before.all.size()) throw invalid("a descriptor refers to one that does not stand before it");
        referred.push_back(before.all[number].get());
      }
      return give(referred);
    }
    default: return give(as<int32_t>(attribute.values));
  }
}

void Computations::finalize(const Descriptor& descriptor) const { TENON_CUDA(*dnn_, finalize, descriptor.get()); }

std::vector<Computations::Descriptor> Computations::configs(const Descriptor& graph, int mode) const {
  const Descriptor heuristics = create(dnn::kHeuristics);
  const dnn::Descriptor asked = graph.get();
  set(heuristics, dnn::kHeuristicsGraph, dnn::kDescriptor, 1, &asked);
  set(heuristics, dnn::kHeuristicsMode, dnn::kMode, 1, &mode);
  const dnn::Status status = dnn_->finalize(heuristics.get());
  if (isUnsupported(status)) return {};
  dnn_->check(status, "finalize");
  int64_t count = 0;
  TENON_CUDA(*dnn_, getAttribute, heuristics.get(), dnn::kHeuristicsResults, dnn::kDescriptor, 0, &count, nullptr);
  std::vector<Descriptor> configs;
  std::vector<dnn::Descriptor> filled;
  for (int64_t i = 0; i < count; i++) {
    configs.push_back(create(dnn::kEngineConfig));
    filled.push_back(configs.back().get());
  }
  if (count > 0)
    TENON_CUDA(*dnn_, getAttribute, heuristics.get(), dnn::kHeuristicsResults, dnn::kDescriptor, count, &count,
               filled.data());
  configs.resize(static_cast<size_t>(count));
  return configs;
}

bool Computations::isDeterministic(const Descriptor& config) const {
  const Descriptor engine = create(dnn::kEngine);
  dnn::Descriptor filled = engine.get();
  int64_t count = 0;
  TENON_CUDA(*dnn_, getAttribute, config.get(), dnn::kConfigEngine, dnn::kDescriptor, 1, &count, &filled);
  std::vector<int32_t> notes(64);  // more than there are
  TENON_CUDA(*dnn_, getAttribute, engine.get(), dnn::kEngineNotes, dnn::kNumericalNote,
             static_cast<int64_t>(notes.size()), &count, notes.data());
  notes.resize(static_cast<size_t>(count));
  for (const int32_t note : notes)
    if (note == dnn::kNondeterministic) return false;
  return true;
}

Computations::Descriptor Computations::planOf(const Descriptor& config) const {
  Descriptor plan = create(dnn::kPlan);
  const dnn::Handle handle = handle_.get();
  const dnn::Descriptor chosen = config.get();
  set(plan, dnn::kPlanHandle, dnn::kHandle, 1, &handle);
  set(plan, dnn::kPlanConfig, dnn::kDescriptor, 1, &chosen);
  const dnn::Status status = dnn_->finalize(plan.get());
  if (isUnsupported(status)) return nullptr;
  dnn_->check(status, "finalize");
  return plan;
}

std::optional<ReadyComputation> Computations::add(const ComputationShape& shape) {
  auto made = std::make_unique<Computation>();
  Descriptors& described = made->described;
  for (const auto& [type, attributes] : shape.descriptors) {
    Descriptor descriptor = create(type);
    for (const auto& attribute : attributes) set(descriptor, attribute, described);
    finalize(descriptor);
    described.all.push_back(std::move(descriptor));
  }
  made->ids = shape.operands;
  made->operands = shape.operands.size();
  for (const auto& [id, type, value] : shape.scalars) {
    if (type != dnn::kFloat32 && type != dnn::kInt32) throw invalid("a number is neither float32 nor int32");
    made->ids.push_back(id);
    made->scalars.push_back(type == dnn::kInt32 ? bytesOf(static_cast<int32_t>(value)) : bytesOf(static_cast<float>(value)));
  }
  for (const int mode : shape.modes) {
    for (Descriptor& config : configs(described.all.back(), mode)) {
      if (!isDeterministic(config)) continue;
      made->plan = planOf(config);
      if (made->plan == nullptr) continue;
      made->config = std::move(config);
      int64_t workspace = 0, count = 0;
      TENON_CUDA(*dnn_, getAttribute, made->plan.get(), dnn::kPlanWorkspace, dnn::kInt64, 1, &count, &workspace);
      computations_.push_back(std::move(made));
      return ReadyComputation{static_cast<int>(computations_.size()) - 1, static_cast<size_t>(workspace)};
    }
  }
  return std::nullopt;
}

void Computations::remove(int computation) {
  at(computation);
  computations_[static_cast<size_t>(computation)].reset();
}

const Computations::Computation& Computations::at(int computation) const {
  const auto i = static_cast<size_t>(computation);
  if (i >= computations_.size() || computations_[i] == nullptr)
    throw Failure("computation", -1, "INVALID_COMMANDS", "there is no such computation");
  return *computations_[i];
}

size_t Computations::operandCount(int computation) const { return at(computation).operands; }

void Computations::run(int computation, std::span<const cu::Pointer> addresses, cu::Pointer workspace) const {
  const Computation& c = at(computation);
  std::vector<const void*> pointers;
  for (const cu::Pointer address : addresses) pointers.push_back(reinterpret_cast<const void*>(address));
  for (const Bytes& scalar : c.scalars) pointers.push_back(scalar.data());
  const Descriptor pack = create(dnn::kVariantPack);
  set(pack, dnn::kPackIds, dnn::kInt64, static_cast<int64_t>(c.ids.size()), c.ids.data());
  set(pack, dnn::kPackPointers, dnn::kPointer, static_cast<int64_t>(pointers.size()), pointers.data());
  set(pack, dnn::kPackWorkspace, dnn::kPointer, 1, &workspace);
  finalize(pack);
  TENON_CUDA(*dnn_, execute, handle_.get(), c.plan.get(), pack.get());
}

}  // namespace tenon

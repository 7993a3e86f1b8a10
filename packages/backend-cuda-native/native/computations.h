#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dnn.h"
#include "owned.h"

namespace tenon {

/**
 * A graph of operations as it comes from JavaScript: descriptors, each with attributes that may refer to those before it by number, the
 * last of them the graph; which heuristics to ask; and the tensors that have addresses or are numbers. Types, names and values have
 * the library's own meaning.
 */
struct ComputationShape {
  struct Attribute {
    int name, type;
    std::vector<double> values;
  };
  struct Descriptor {
    int type;
    std::vector<Attribute> attributes;
  };
  struct Scalar {
    int64_t id;
    int type;
    double value;
  };
  std::vector<Descriptor> descriptors;
  std::vector<int> modes;
  /** Unique ids of the tensors that are given at each run, in the order of their addresses. */
  std::vector<int64_t> operands;
  /** Those that are the same each time, and come from the host. */
  std::vector<Scalar> scalars;

  /** Each list is its length and its members, in the order above. */
  explicit ComputationShape(std::span<const double> numbers);
};

/** A computation that is ready, and what memory it wants. */
struct ReadyComputation {
  int number;
  size_t workspaceBytes;
};

/** The graphs of operations that cuDNN computes on one device, whose context must be current, in one of its streams. */
class Computations {
 public:
  Computations(std::shared_ptr<const Dnn> dnn, cu::Stream stream);

  /** Settles on the first engine that the heuristics name and that gives the same each time; nothing where there is none. */
  std::optional<ReadyComputation> add(const ComputationShape& shape);
  void remove(int computation);
  /** How many addresses a run is given. */
  size_t operandCount(int computation) const;
  void run(int computation, std::span<const cu::Pointer> addresses, cu::Pointer workspace) const;

 private:
  using Descriptor = Owned<dnn::Descriptor>;
  /** The bytes of a number on the host. */
  using Bytes = std::vector<char>;

  /** What was described, kept as long as it is used, the last one going first. */
  struct Descriptors {
    std::vector<Descriptor> all;
    Descriptors() = default;
    Descriptors(Descriptors&&) = default;
    ~Descriptors();
  };
  struct Computation {
    Descriptors described;
    Descriptor config, plan;
    std::vector<int64_t> ids;
    size_t operands;
    std::vector<Bytes> scalars;
  };

  Descriptor create(int type) const;
  void set(const Descriptor& to, dnn::Attribute name, dnn::AttributeType type, int64_t count, const void* values) const;
  void set(const Descriptor& to, const ComputationShape::Attribute& attribute, const Descriptors& before) const;
  void finalize(const Descriptor& descriptor) const;
  std::vector<Descriptor> configs(const Descriptor& graph, int mode) const;
  bool isDeterministic(const Descriptor& config) const;
  /** None where the engine cannot do it after all. */
  Descriptor planOf(const Descriptor& config) const;
  const Computation& at(int computation) const;

  std::shared_ptr<const Dnn> dnn_;
  Owned<dnn::Handle> handle_;
  std::vector<std::unique_ptr<Computation>> computations_;
};

}  // namespace tenon

#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "driver.h"

namespace tenon {

/**
 * The part of cuDNN's interface that is used here, declared by ourselves. Functions, descriptors and values: NVIDIA, cuDNN Backend API,
 * sections "cudnn_graph Library", "Data Type References", "Descriptor Types" and "API Functions". What operations, their tensors and
 * attributes are called is JavaScript's to say; here stands what any graph of them needs.
 */
namespace dnn {
using Status = int;
using Handle = struct HandleObject*;
using Descriptor = void*;

constexpr Status kSuccess = 0;
/** Statuses come in thousands, by their kind. */
constexpr Status kKind = 1000;
constexpr Status kNotSupported = 3;

enum DescriptorType : int { kEngine = 2, kEngineConfig = 3, kHeuristics = 4, kPlan = 5, kVariantPack = 16 };
enum Attribute : int {
  kHeuristicsMode = 200,
  kHeuristicsGraph = 201,
  kHeuristicsResults = 202,
  kConfigEngine = 300,
  kPlanHandle = 400,
  kPlanConfig = 401,
  kPlanWorkspace = 402,
  kPackIds = 1000,
  kPackPointers = 1001,
  kPackWorkspace = 1003,
  kEngineNotes = 1303
};
/** What an attribute is made of. Those that are not here are enumerations. */
enum AttributeType : int {
  kHandle = 0,
  kBoolean = 2,
  kInt64 = 3,
  kFloat = 4,
  kDouble = 5,
  kPointer = 6,
  kMode = 8,
  kNumericalNote = 11,
  kDescriptor = 15
};
enum DataType : int { kFloat32 = 0, kInt32 = 4 };
constexpr int kNondeterministic = 4;  // CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC
}  // namespace dnn

/** Name here, name in the library, parameters. All give a `dnn::Status`. */
#define TENON_DNN_FUNCTIONS(X)                                                                                       \
  X(create, cudnnCreate, (dnn::Handle * handle))                                                                     \
  X(destroy, cudnnDestroy, (dnn::Handle handle))                                                                     \
  X(setStream, cudnnSetStream, (dnn::Handle handle, cu::Stream stream))                                              \
  X(createDescriptor, cudnnBackendCreateDescriptor, (dnn::DescriptorType type, dnn::Descriptor * descriptor))        \
  X(destroyDescriptor, cudnnBackendDestroyDescriptor, (dnn::Descriptor descriptor))                                  \
  X(setAttribute, cudnnBackendSetAttribute,                                                                          \
    (dnn::Descriptor descriptor, dnn::Attribute name, dnn::AttributeType type, int64_t count, const void* elements)) \
  X(getAttribute, cudnnBackendGetAttribute,                                                                          \
    (dnn::Descriptor descriptor, dnn::Attribute name, dnn::AttributeType type, int64_t wanted, int64_t* count,       \
     void* elements))                                                                                                \
  X(finalize, cudnnBackendFinalize, (dnn::Descriptor descriptor))                                                    \
  X(execute, cudnnBackendExecute, (dnn::Handle handle, dnn::Descriptor plan, dnn::Descriptor pack))

/** cuDNN, opened at run time. */
class Dnn {
 public:
  /**
   * `parts` are the libraries of graphs beside the candidates. The one of the two that is opened is opened first: the other opens it by
   * its name, and ends the process where it cannot.
   */
  Dnn(const std::vector<std::string>& candidates, const std::vector<std::string>& parts);

#define TENON_MEMBER(name, symbol, parameters) dnn::Status(*name) parameters;
  TENON_DNN_FUNCTIONS(TENON_MEMBER)
#undef TENON_MEMBER

  /** Throws a `Failure` that names the call where the status is an error. */
  void check(dnn::Status status, const char* call) const;
  /** 10000 · major + 100 · minor + patch. */
  size_t version() const { return version_; }
  const std::string& path() const { return library_->path(); }

 private:
  std::unique_ptr<Library> part_;
  std::unique_ptr<Library> library_;
  const char* (*getErrorString_)(dnn::Status status);
  void (*getLastErrorString_)(char* text, size_t bytes);
  size_t version_ = 0;
};

}  // namespace tenon

#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "driver.h"

namespace tenon {

/**
 * The part of cuBLASLt's interface that is used here, declared by ourselves. Types, values and sizes of attributes: NVIDIA, cuBLAS
 * Library, "Using the cuBLASLt API", sections "cuBLASLt Datatypes Reference" and "cuBLASLt API Reference".
 */
namespace lt {
using Status = int;
using Handle = struct HandleObject*;
using Operation = struct OperationObject*;
using Layout = struct LayoutObject*;
using Preference = struct PreferenceObject*;

/** A way to compute a product. It may be kept as bytes, for the same version of the library. */
struct Algorithm {
  uint64_t data[8];
};
struct Found {
  Algorithm algorithm;
  size_t workspaceBytes;
  Status state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Found) == 96, "as the library writes it");

constexpr Status kSuccess = 0;
constexpr Status kNotSupported = 15;
constexpr int kFloat64 = 1;  // cudaDataType_t CUDA_R_64F
enum OperationAttribute : int { kTransA = 3, kTransB = 4, kEpilogue = 7, kBiasPointer = 8 };
enum LayoutAttribute : int { kBatchCount = 5, kBatchOffset = 6 };
enum PreferenceAttribute : int { kMostWorkspace = 1, kReductions = 3, kAlignmentA = 5, kAlignmentB, kAlignmentC, kAlignmentD };
}  // namespace lt

/** Name here, name in the library, parameters. All give an `lt::Status`. */
#define TENON_BLAS_FUNCTIONS(X)                                                                                       \
  X(create, cublasLtCreate, (lt::Handle * handle))                                                                    \
  X(destroy, cublasLtDestroy, (lt::Handle handle))                                                                    \
  X(matmulDescCreate, cublasLtMatmulDescCreate, (lt::Operation * operation, int computeType, int scaleType))          \
  X(matmulDescDestroy, cublasLtMatmulDescDestroy, (lt::Operation operation))                                          \
  X(matmulDescSetAttribute, cublasLtMatmulDescSetAttribute,                                                           \
    (lt::Operation operation, lt::OperationAttribute attribute, const void* value, size_t bytes))                     \
  X(matrixLayoutCreate, cublasLtMatrixLayoutCreate,                                                                   \
    (lt::Layout * layout, int type, uint64_t rows, uint64_t columns, int64_t leading))                                \
  X(matrixLayoutDestroy, cublasLtMatrixLayoutDestroy, (lt::Layout layout))                                            \
  X(matrixLayoutSetAttribute, cublasLtMatrixLayoutSetAttribute,                                                       \
    (lt::Layout layout, lt::LayoutAttribute attribute, const void* value, size_t bytes))                              \
  X(matmulPreferenceCreate, cublasLtMatmulPreferenceCreate, (lt::Preference * preference))                            \
  X(matmulPreferenceDestroy, cublasLtMatmulPreferenceDestroy, (lt::Preference preference))                            \
  X(matmulPreferenceSetAttribute, cublasLtMatmulPreferenceSetAttribute,                                               \
    (lt::Preference preference, lt::PreferenceAttribute attribute, const void* value, size_t bytes))                  \
  X(matmulAlgoGetHeuristic, cublasLtMatmulAlgoGetHeuristic,                                                           \
    (lt::Handle handle, lt::Operation operation, lt::Layout a, lt::Layout b, lt::Layout c, lt::Layout d,              \
     lt::Preference preference, int wanted, lt::Found* found, int* count))                                            \
  X(matmulAlgoCheck, cublasLtMatmulAlgoCheck,                                                                         \
    (lt::Handle handle, lt::Operation operation, lt::Layout a, lt::Layout b, lt::Layout c, lt::Layout d,              \
     const lt::Algorithm* algorithm, lt::Found* found))                                                               \
  X(matmul, cublasLtMatmul,                                                                                           \
    (lt::Handle handle, lt::Operation operation, const void* alpha, cu::Pointer a, lt::Layout layoutA, cu::Pointer b, \
     lt::Layout layoutB, const void* beta, cu::Pointer c, lt::Layout layoutC, cu::Pointer d, lt::Layout layoutD,      \
     const lt::Algorithm* algorithm, cu::Pointer workspace, size_t workspaceBytes, cu::Stream stream))

static_assert(sizeof(cu::Pointer) == sizeof(void*), "addresses of the device stand for pointers");

/** cuBLASLt, opened at run time. */
class Blas {
 public:
  /** `companions` are libraries that it may want, and that the loader may not find by itself. */
  Blas(const std::vector<std::string>& candidates, const std::vector<std::string>& companions);

#define TENON_MEMBER(name, symbol, parameters) lt::Status(*name) parameters;
  TENON_BLAS_FUNCTIONS(TENON_MEMBER)
#undef TENON_MEMBER

  /** Throws a `Failure` that names the call where the status is an error. */
  void check(lt::Status status, const char* call) const;
  /** 10000 · major + 100 · minor + patch. */
  size_t version() const { return version_; }
  const std::string& path() const { return library_->path(); }

 private:
  std::unique_ptr<Library> companion_;
  std::unique_ptr<Library> library_;
  const char* (*getStatusName_)(lt::Status status);
  const char* (*getStatusString_)(lt::Status status);
  size_t version_ = 0;
};

}  // namespace tenon

// What the addon declares of cuBLASLt and cuDNN by itself, against NVIDIA's headers, where those are installed. It compiles if they agree.
#include <cublasLt.h>
#include <cudnn.h>

#include "../native/blas.h"
#include "../native/dnn.h"
#include "alike.h"

namespace cu = tenon::cu;
namespace dnn = tenon::dnn;
namespace lt = tenon::lt;

#define TENON_SAME(name, symbol, parameters) static_assert(same<int parameters, decltype(symbol)>, #symbol);
TENON_BLAS_FUNCTIONS(TENON_SAME)
TENON_DNN_FUNCTIONS(TENON_SAME)

static_assert(lt::kSuccess == CUBLAS_STATUS_SUCCESS && lt::kNotSupported == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(lt::kFloat64 == CUDA_R_64F);
static_assert(int{lt::kTransA} == CUBLASLT_MATMUL_DESC_TRANSA && int{lt::kTransB} == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(int{lt::kEpilogue} == CUBLASLT_MATMUL_DESC_EPILOGUE);
static_assert(int{lt::kBiasPointer} == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(int{lt::kBatchCount} == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
static_assert(int{lt::kBatchOffset} == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
static_assert(int{lt::kMostWorkspace} == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(int{lt::kReductions} == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
static_assert(int{lt::kAlignmentA} == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
static_assert(int{lt::kAlignmentD} == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
static_assert(sizeof(lt::Algorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(lt::Found) == sizeof(cublasLtMatmulHeuristicResult_t));

static_assert(dnn::kSuccess == CUDNN_STATUS_SUCCESS && dnn::kNotSupported * dnn::kKind == CUDNN_STATUS_NOT_SUPPORTED);
static_assert(int{dnn::kEngine} == CUDNN_BACKEND_ENGINE_DESCRIPTOR);
static_assert(int{dnn::kEngineConfig} == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
static_assert(int{dnn::kHeuristics} == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
static_assert(int{dnn::kPlan} == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
static_assert(int{dnn::kVariantPack} == CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
static_assert(int{dnn::kHeuristicsMode} == CUDNN_ATTR_ENGINEHEUR_MODE);
static_assert(int{dnn::kHeuristicsGraph} == CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
static_assert(int{dnn::kHeuristicsResults} == CUDNN_ATTR_ENGINEHEUR_RESULTS);
static_assert(int{dnn::kConfigEngine} == CUDNN_ATTR_ENGINECFG_ENGINE);
static_assert(int{dnn::kPlanHandle} == CUDNN_ATTR_EXECUTION_PLAN_HANDLE);
static_assert(int{dnn::kPlanConfig} == CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
static_assert(int{dnn::kPlanWorkspace} == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
static_assert(int{dnn::kPackIds} == CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
static_assert(int{dnn::kPackPointers} == CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
static_assert(int{dnn::kPackWorkspace} == CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
static_assert(int{dnn::kEngineNotes} == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
static_assert(int{dnn::kHandle} == CUDNN_TYPE_HANDLE && int{dnn::kBoolean} == CUDNN_TYPE_BOOLEAN);
static_assert(int{dnn::kInt64} == CUDNN_TYPE_INT64 && int{dnn::kFloat} == CUDNN_TYPE_FLOAT);
static_assert(int{dnn::kDouble} == CUDNN_TYPE_DOUBLE && int{dnn::kPointer} == CUDNN_TYPE_VOID_PTR);
static_assert(int{dnn::kMode} == CUDNN_TYPE_HEUR_MODE && int{dnn::kNumericalNote} == CUDNN_TYPE_NUMERICAL_NOTE);
static_assert(int{dnn::kDescriptor} == CUDNN_TYPE_BACKEND_DESCRIPTOR);
static_assert(dnn::kNondeterministic == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);

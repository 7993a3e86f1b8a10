// What the addon declares of cuDNN by itself, against NVIDIA's header, where that is installed. It compiles if they agree.
#include <cudnn.h>

#include "../native/dnn.h"
#include "alike.h"

namespace dnn = tenon::dnn;
namespace cu = tenon::cu;

#define TENON_SAME(name, symbol, parameters) static_assert(same<dnn::Status parameters, decltype(symbol)>, #symbol);
TENON_DNN_FUNCTIONS(TENON_SAME)

static_assert(same<size_t(), decltype(cudnnGetVersion)>);
static_assert(same<const char*(dnn::Status), decltype(cudnnGetErrorString)>);
static_assert(same<void(char*, size_t), decltype(cudnnGetLastErrorString)>);
static_assert(int{dnn::kSuccess} == CUDNN_STATUS_SUCCESS && CUDNN_STATUS_NOT_SUPPORTED / dnn::kKind == dnn::kNotSupported);
static_assert(int{dnn::kEngine} == CUDNN_BACKEND_ENGINE_DESCRIPTOR && int{dnn::kPlan} == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
static_assert(int{dnn::kEngineConfig} == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
static_assert(int{dnn::kHeuristics} == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
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
static_assert(int{dnn::kFloat32} == CUDNN_DATA_FLOAT && int{dnn::kInt32} == CUDNN_DATA_INT32);
static_assert(dnn::kNondeterministic == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);

// Our own minimal declarations of ONNX Runtime's C interface: the slots of its function table that are called here.
//
// The table (`OrtApi`) is append-only: a slot keeps its number for ever, so one build works with every library from
// kLeastVersion on. No registry has the header, so the numbers below are held against another project's reading of it
// (tests/fixtures/data/onnxruntime-slots.txt).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cliport::onnxruntime::abi {

struct Status;
struct Env;
struct Session;
struct SessionOptions;
struct RunOptions;
struct IoBinding;
struct Value;
struct MemoryInfo;
struct Allocator;
struct TypeInfo;
struct TensorInfo;  // lives as long as the TypeInfo that it is cast from
struct TensorRtOptions;
struct CudaOptions;
struct AssignedSubgraph;
struct AssignedNode;

/// The table's version is the library's minor version: 1.30.0 has version 30.
inline constexpr int kLeastVersion = 17;
/// First version of Session_GetEpGraphAssignmentInfo and what belongs to it.
inline constexpr int kFirstVersionAssignments = 24;
/// First version of SessionOptionsSetLoadCancellationFlag.
inline constexpr int kFirstVersionLoadCancellation = 22;

enum ErrorCode : int { kModelLoadCanceled = 12 };
enum LoggingLevel : int { kLogWarning = 2 };
enum ElementType : int { kFloat32 = 1, kUint8 = 2, kInt64 = 7 };
enum AllocatorType : int { kDeviceAllocator = 0 };
enum MemoryType : int { kMemoryDefault = 0 };
enum OptimizationLevel : int { kOptimizeAll = 99 };

using LoggingFunction = void (*)(void* parameter, int severity, const char* category, const char* log_id,
                                 const char* location, const char* message);

// X(slot, result, name, parameters)

/// In every library of kLeastVersion and later.
#define ONNXRUNTIME_SLOTS(X)                                                                                        \
  X(0, Status*, CreateStatus, (int code, const char* message))                                                      \
  X(1, int, GetErrorCode, (const Status*))                                                                          \
  X(2, const char*, GetErrorMessage, (const Status*))                                                               \
  X(4, Status*, CreateEnvWithCustomLogger, (LoggingFunction, void* parameter, int severity, const char* id, Env**)) \
  X(6, Status*, DisableTelemetryEvents, (const Env*))                                                               \
  X(7, Status*, CreateSession, (const Env*, const char* path, const SessionOptions*, Session**))                    \
  X(8, Status*, CreateSessionFromArray, (const Env*, const void*, std::size_t, const SessionOptions*, Session**))   \
  X(10, Status*, CreateSessionOptions, (SessionOptions**))                                                          \
  X(17, Status*, DisableMemPattern, (SessionOptions*))                                                              \
  X(19, Status*, DisableCpuMemArena, (SessionOptions*))                                                             \
  X(23, Status*, SetSessionGraphOptimizationLevel, (SessionOptions*, int level))                                    \
  X(24, Status*, SetIntraOpNumThreads, (SessionOptions*, int threads))                                              \
  X(25, Status*, SetInterOpNumThreads, (SessionOptions*, int threads))                                              \
  X(30, Status*, SessionGetInputCount, (const Session*, std::size_t*))                                              \
  X(31, Status*, SessionGetOutputCount, (const Session*, std::size_t*))                                             \
  X(33, Status*, SessionGetInputTypeInfo, (const Session*, std::size_t index, TypeInfo**))                          \
  X(34, Status*, SessionGetOutputTypeInfo, (const Session*, std::size_t index, TypeInfo**))                         \
  X(36, Status*, SessionGetInputName, (const Session*, std::size_t index, Allocator*, char**))                      \
  X(37, Status*, SessionGetOutputName, (const Session*, std::size_t index, Allocator*, char**))                     \
  X(39, Status*, CreateRunOptions, (RunOptions**))                                                                  \
  X(46, Status*, RunOptionsSetTerminate, (RunOptions*))                                                             \
  X(49, Status*, CreateTensorWithDataAsOrtValue,                                                                    \
    (const MemoryInfo*, void*, std::size_t bytes, const std::int64_t* shape, std::size_t rank, int type, Value**))  \
  X(55, Status*, CastTypeInfoToTensorInfo, (const TypeInfo*, const TensorInfo**))                                   \
  X(60, Status*, GetTensorElementType, (const TensorInfo*, int*))                                                   \
  X(61, Status*, GetDimensionsCount, (const TensorInfo*, std::size_t*))                                             \
  X(62, Status*, GetDimensions, (const TensorInfo*, std::int64_t*, std::size_t))                                    \
  X(69, Status*, CreateCpuMemoryInfo, (int allocator, int memory, MemoryInfo**))                                    \
  X(76, Status*, AllocatorFree, (Allocator*, void*))                                                                \
  X(78, Status*, GetAllocatorWithDefaultOptions, (Allocator**))                                                     \
  X(93, void, ReleaseStatus, (Status*))                                                                             \
  X(94, void, ReleaseMemoryInfo, (MemoryInfo*))                                                                     \
  X(95, void, ReleaseSession, (Session*))                                                                           \
  X(96, void, ReleaseValue, (Value*))                                                                               \
  X(97, void, ReleaseRunOptions, (RunOptions*))                                                                     \
  X(98, void, ReleaseTypeInfo, (TypeInfo*))                                                                         \
  X(100, void, ReleaseSessionOptions, (SessionOptions*))                                                            \
  X(125, Status*, GetAvailableProviders, (char***, int*))                                                           \
  X(126, Status*, ReleaseAvailableProviders, (char**, int))                                                         \
  X(130, Status*, AddSessionConfigEntry, (SessionOptions*, const char* key, const char* value))                     \
  X(133, Status*, RunWithBinding, (Session*, const RunOptions*, const IoBinding*))                                  \
  X(134, Status*, CreateIoBinding, (Session*, IoBinding**))                                                         \
  X(135, void, ReleaseIoBinding, (IoBinding*))                                                                      \
  X(136, Status*, BindInput, (IoBinding*, const char* name, const Value*))                                          \
  X(137, Status*, BindOutput, (IoBinding*, const char* name, const Value*))                                         \
  X(165, Status*, AddRunConfigEntry, (RunOptions*, const char* key, const char* value))                             \
  X(170, Status*, SessionOptionsAppendExecutionProvider_TensorRT_V2, (SessionOptions*, const TensorRtOptions*))     \
  X(171, Status*, CreateTensorRTProviderOptions, (TensorRtOptions**))                                               \
  X(172, Status*, UpdateTensorRTProviderOptions,                                                                    \
    (TensorRtOptions*, const char* const* keys, const char* const* values, std::size_t count))                      \
  X(174, void, ReleaseTensorRTProviderOptions, (TensorRtOptions*))                                                  \
  X(204, Status*, SessionOptionsAppendExecutionProvider_CUDA_V2, (SessionOptions*, const CudaOptions*))             \
  X(205, Status*, CreateCUDAProviderOptions, (CudaOptions**))                                                       \
  X(206, Status*, UpdateCUDAProviderOptions,                                                                        \
    (CudaOptions*, const char* const* keys, const char* const* values, std::size_t count))                          \
  X(208, void, ReleaseCUDAProviderOptions, (CudaOptions*))                                                          \
  X(254, const char*, GetBuildInfoString, ())

/// Only in libraries of the version beside the name.
#define ONNXRUNTIME_LATER_SLOTS(X)                                                                \
  X(293, Status*, SessionOptionsSetLoadCancellationFlag, (SessionOptions*, bool cancel)) /* 22 */ \
  X(407, Status*, Session_GetEpGraphAssignmentInfo,                                               \
    (const Session*, const AssignedSubgraph* const**, std::size_t*))                     /* 24 */ \
  X(408, Status*, EpAssignedSubgraph_GetEpName, (const AssignedSubgraph*, const char**)) /* 24 */ \
  X(409, Status*, EpAssignedSubgraph_GetNodes,                                                    \
    (const AssignedSubgraph*, const AssignedNode* const**, std::size_t*))              /* 24 */   \
  X(412, Status*, EpAssignedNode_GetOperatorType, (const AssignedNode*, const char**)) /* 24 */

/// A slot's function, cast to its type when it is called.
class Api {
 public:
  explicit Api(const void* const* table) : table_(table) {}

#define X(slot, result, name, parameters) \
  auto name() const { return reinterpret_cast<result(*) parameters>(const_cast<void*>(table_[slot])); }
  ONNXRUNTIME_SLOTS(X)
  ONNXRUNTIME_LATER_SLOTS(X)
#undef X

 private:
  const void* const* table_;
};

/// What `OrtGetApiBase`, the library's only exported function that is used, returns.
struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);  ///< null for a version that the library does not know
  const char* (*get_version_string)();
};

}  // namespace cliport::onnxruntime::abi

// The real ONNX Runtime with pretended GPU providers, for tests on machines without one: graphs are computed on the
// CPU, but TensorRT and CUDA can be appended, validate their options, keep engines and say that they took the nodes.
//
// Environment: STAND_IN_LIBRARY the real library (required). STAND_IN_VERSION another version to report.
// STAND_IN_BUILD_MS how long an engine's build takes. STAND_IN_TAKES_NOTHING: the providers take no node.
// STAND_IN_NO_DRIVER: a session on a GPU fails as without a driver. STAND_IN_DIES: a build kills its process.

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "onnxruntime/abi.hpp"

namespace {

namespace abi = cliport::onnxruntime::abi;

/// Of API 24, the newest that is called.
constexpr std::size_t kSlots = 413;
enum Slot : int {
#define X(slot, result, name, parameters) name = slot,
  ONNXRUNTIME_SLOTS(X) ONNXRUNTIME_LATER_SLOTS(X)
#undef X
};

const abi::ApiBase* real_base = nullptr;
const void* const* real_table = nullptr;
const void* table[kSlots];
std::mutex mutex;

using Options = std::map<std::string, std::string>;
struct Appended {
  std::string provider;
  Options options;
};
std::map<const abi::SessionOptions*, std::vector<Appended>> appended;
std::map<const abi::SessionOptions*, bool> canceled;
std::map<const abi::Session*, std::string> first_provider;
thread_local std::string t_provider;

abi::Api real() { return abi::Api(real_table); }
abi::Status* failure(int code, const std::string& message) { return real().CreateStatus()(code, message.c_str()); }

const char* setting(const char* name) { return std::getenv(name); }

// Names of ONNX Runtime 1.30 that this project sets or its tests name.
const std::set<std::string> kTensorRt = {"device_id",
                                         "trt_fp16_enable",
                                         "trt_int8_enable",
                                         "trt_max_workspace_size",
                                         "trt_engine_cache_enable",
                                         "trt_engine_cache_path",
                                         "trt_timing_cache_enable",
                                         "trt_timing_cache_path",
                                         "trt_builder_optimization_level"};
const std::set<std::string> kCuda = {"device_id", "arena_extend_strategy", "use_tf32", "gpu_mem_limit"};

abi::Status* update(Options& options, const std::set<std::string>& known, const char* const* keys,
                    const char* const* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!known.contains(keys[i])) return failure(1, std::string("Unknown provider option: \"") + keys[i] + "\"");
    options[keys[i]] = values[i];
  }
  return nullptr;
}

template <typename Handle>
abi::Status* create_options(Handle** made) {
  *made = reinterpret_cast<Handle*>(new Options);
  return nullptr;
}
template <typename Handle>
void release_options(Handle* options) {
  delete reinterpret_cast<Options*>(options);
}
template <typename Handle, const std::set<std::string>& known>
abi::Status* update_options(Handle* options, const char* const* keys, const char* const* values, std::size_t count) {
  return update(*reinterpret_cast<Options*>(options), known, keys, values, count);
}
abi::Status* append(const abi::SessionOptions* session, const std::string& provider, const void* options) {
  std::lock_guard lock(mutex);
  appended[session].push_back({provider, *static_cast<const Options*>(options)});
  return nullptr;
}
abi::Status* append_tensorrt(abi::SessionOptions* session, const abi::TensorRtOptions* options) {
  return append(session, "TensorrtExecutionProvider", options);
}
abi::Status* append_cuda(abi::SessionOptions* session, const abi::CudaOptions* options) {
  return append(session, "CUDAExecutionProvider", options);
}

void release_session_options(abi::SessionOptions* options) {
  {
    std::lock_guard lock(mutex);
    appended.erase(options);
    canceled.erase(options);
  }
  real().ReleaseSessionOptions()(options);
}

abi::Status* set_load_cancellation(abi::SessionOptions* options, bool cancel) {
  {
    std::lock_guard lock(mutex);
    canceled[options] = cancel;
  }
  return real().SessionOptionsSetLoadCancellationFlag()(options, cancel);
}

/// The engine in a folder; empty without one.
std::filesystem::path engine_in(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".engine") return entry.path();
  }
  return {};
}

abi::Status* read_engine(const std::filesystem::path& path) {
  std::string content;
  std::ifstream(path) >> content;
  if (content == "engine") return nullptr;
  return failure(11, "TensorRT EP could not deserialize engine from cache: " + path.string());
}

/// As TensorRT's provider: an engine that is there is read, whole or not; where there is none one is built, slowly, and
/// kept.
abi::Status* build(const abi::SessionOptions* session, const Options& options) {
  const std::filesystem::path folder = options.at("trt_engine_cache_path");
  if (options.at("trt_engine_cache_enable") != "1") return nullptr;
  if (const std::filesystem::path engine = engine_in(folder); !engine.empty()) return read_engine(engine);
  if (setting("STAND_IN_DIES") != nullptr) std::raise(SIGKILL);
  std::filesystem::create_directories(folder);
  const std::filesystem::path part = folder / "TensorrtExecutionProvider_graph_sm87.engine.part";
  std::ofstream(part) << "half";
  const int build_ms = setting("STAND_IN_BUILD_MS") == nullptr ? 0 : std::atoi(setting("STAND_IN_BUILD_MS"));
  for (int ms = 0; ms < build_ms; ms += 5) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::lock_guard lock(mutex);
    if (canceled[session]) return failure(abi::kModelLoadCanceled, "Session load was canceled due to user request");
  }
  std::filesystem::remove(part);
  std::ofstream(folder / "TensorrtExecutionProvider_graph_sm87.engine") << "engine";
  const std::filesystem::path timing = options.at("trt_timing_cache_path");
  std::filesystem::create_directories(timing);
  std::ofstream(timing / "TensorrtExecutionProvider_cache_sm87.timing") << "timing";
  return nullptr;
}

template <typename Create>
abi::Status* create_session(const abi::SessionOptions* options, abi::Session** session, const Create& create) {
  std::vector<Appended> gpu;
  {
    std::lock_guard lock(mutex);
    if (const auto found = appended.find(options); found != appended.end()) gpu = found->second;
  }
  if (!gpu.empty() && setting("STAND_IN_NO_DRIVER") != nullptr) {
    return failure(11, "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version");
  }
  for (const Appended& one : gpu) {
    if (one.provider != "TensorrtExecutionProvider") continue;
    if (abi::Status* status = build(options, one.options)) return status;
  }
  abi::Status* status = create();
  if (status == nullptr) {
    std::lock_guard lock(mutex);
    // The address may be that of a session that is gone.
    first_provider.erase(*session);
    if (!gpu.empty() && setting("STAND_IN_TAKES_NOTHING") == nullptr) first_provider[*session] = gpu.front().provider;
  }
  return status;
}

abi::Status* session_of_file(const abi::Env* env, const char* path, const abi::SessionOptions* options,
                             abi::Session** out) {
  return create_session(options, out, [&] { return real().CreateSession()(env, path, options, out); });
}
abi::Status* session_of_bytes(const abi::Env* env, const void* bytes, std::size_t size,
                              const abi::SessionOptions* options, abi::Session** out) {
  return create_session(options, out, [&] { return real().CreateSessionFromArray()(env, bytes, size, options, out); });
}

abi::Status* assignments(const abi::Session* session, const abi::AssignedSubgraph* const** out, std::size_t* count) {
  {
    std::lock_guard lock(mutex);
    const auto found = first_provider.find(session);
    t_provider = found == first_provider.end() ? "" : found->second;
  }
  return real().Session_GetEpGraphAssignmentInfo()(session, out, count);
}
abi::Status* assigned_provider(const abi::AssignedSubgraph* subgraph, const char** name) {
  if (abi::Status* status = real().EpAssignedSubgraph_GetEpName()(subgraph, name)) return status;
  if (!t_provider.empty()) *name = t_provider.c_str();
  return nullptr;
}

const char* version() {
  const char* other = setting("STAND_IN_VERSION");
  return other == nullptr ? real_base->get_version_string() : other;
}

const void* const* api(std::uint32_t wanted) {
  real_table = real_base->get_api(wanted);
  if (real_table == nullptr) return nullptr;
  std::copy_n(real_table, kSlots, table);
  const auto replace = [](Slot slot, auto* function) { table[slot] = reinterpret_cast<const void*>(function); };
  replace(CreateTensorRTProviderOptions, create_options<abi::TensorRtOptions>);
  replace(UpdateTensorRTProviderOptions, update_options<abi::TensorRtOptions, kTensorRt>);
  replace(ReleaseTensorRTProviderOptions, release_options<abi::TensorRtOptions>);
  replace(SessionOptionsAppendExecutionProvider_TensorRT_V2, append_tensorrt);
  replace(CreateCUDAProviderOptions, create_options<abi::CudaOptions>);
  replace(UpdateCUDAProviderOptions, update_options<abi::CudaOptions, kCuda>);
  replace(ReleaseCUDAProviderOptions, release_options<abi::CudaOptions>);
  replace(SessionOptionsAppendExecutionProvider_CUDA_V2, append_cuda);
  replace(ReleaseSessionOptions, release_session_options);
  replace(SessionOptionsSetLoadCancellationFlag, set_load_cancellation);
  replace(CreateSession, session_of_file);
  replace(CreateSessionFromArray, session_of_bytes);
  replace(Session_GetEpGraphAssignmentInfo, assignments);
  replace(EpAssignedSubgraph_GetEpName, assigned_provider);
  return table;
}

const abi::ApiBase base = {api, version};

}  // namespace

extern "C" const abi::ApiBase* OrtGetApiBase() {
  void* handle = dlopen(setting("STAND_IN_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return nullptr;
  real_base = reinterpret_cast<const abi::ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"))();
  return &base;
}

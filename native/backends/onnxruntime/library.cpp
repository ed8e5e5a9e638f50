#include "onnxruntime/library.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace cliport::onnxruntime {
namespace {

constexpr std::size_t kMostLogLines = 64;
thread_local LogCapture* t_capture = nullptr;

std::string loader_error() {
  const char* error = dlerror();
  return error == nullptr ? "unknown reason" : error;
}

/// Major and minor of "1.30.0"; 0, 0 for what is no version.
std::pair<int, int> parse_version(const std::string& version) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return {0, 0};
  return {major, minor};
}

std::string least_version() { return "1." + std::to_string(abi::kLeastVersion); }

/// Path of the file that an address lies in.
std::string file_of(const void* address, const std::string& otherwise) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : otherwise;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

void expect_telemetry_off() {
  const char* value = std::getenv("ORT_DISABLE_TELEMETRY");
  if (value != nullptr && std::strcmp(value, "1") == 0) return;
  throw Failure(
      FailureKind::kLibrary,
      std::string("Expected ORT_DISABLE_TELEMETRY=1 in the environment before ONNX Runtime loads but received ") +
          (value == nullptr ? "nothing" : value));
}

const abi::ApiBase& load(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Failure(FailureKind::kLibrary, loader_error());
  auto* get_base = reinterpret_cast<const abi::ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) {
    dlclose(handle);
    throw Failure(FailureKind::kLibrary, path + " is no ONNX Runtime: it has no function OrtGetApiBase");
  }
  const abi::ApiBase* base = get_base();
  if (base == nullptr) throw Failure(FailureKind::kLibrary, path + ": OrtGetApiBase returned nothing");
  return *base;
}

}  // namespace

void log_line(void*, int, const char*, const char*, const char*, const char* message) {
  if (t_capture == nullptr || t_capture->lines_.size() >= kMostLogLines) return;
  t_capture->lines_.emplace_back(message);
}

LogCapture::LogCapture() : outer_(t_capture) { t_capture = this; }
LogCapture::~LogCapture() { t_capture = outer_; }

Library::Library(std::string path, const abi::ApiBase& base)
    : path_(std::move(path)), version_(base.get_version_string()), api_(nullptr) {
  const auto [major, minor] = parse_version(version_);
  if (major != 1 || minor < abi::kLeastVersion) {
    throw Failure(FailureKind::kVersion, "Expected ONNX Runtime " + least_version() + " or newer (1.x) but " + path_ +
                                             " is version " + version_);
  }
  // The newest table whose slots are used; an older library has no later ones, and none of those is called.
  table_version_ = minor;
  const void* const* table = base.get_api(static_cast<std::uint32_t>(std::min(minor, abi::kFirstVersionAssignments)));
  if (table == nullptr) {
    throw Failure(FailureKind::kVersion,
                  path_ + " says that it is version " + version_ + " but has not that interface");
  }
  api_ = abi::Api(table);
  build_ = api_.GetBuildInfoString()();
  char** names = nullptr;
  int count = 0;
  check(api_.GetAvailableProviders()(&names, &count), FailureKind::kLibrary);
  providers_.assign(names, names + count);
  check(api_.ReleaseAvailableProviders()(names, count), FailureKind::kLibrary);
  abi::Env* env = nullptr;
  check(api_.CreateEnvWithCustomLogger()(log_line, nullptr, abi::kLogWarning, "cliport", &env), FailureKind::kLibrary);
  check(api_.DisableTelemetryEvents()(env), FailureKind::kLibrary);
  env_ = env;
}

const Library& Library::open(const std::string& path) {
  static std::mutex mutex;
  // Neither is ever destroyed: threads of the library may still run when the process ends.
  static auto& opened = *new std::map<std::string, std::unique_ptr<Library>>;
  std::lock_guard lock(mutex);
  if (const auto known = opened.find(path); known != opened.end()) return *known->second;
  expect_telemetry_off();
  const abi::ApiBase& base = load(path);
  std::unique_ptr<Library> library(new Library(file_of(&base, path), base));
  return *opened.emplace(path, std::move(library)).first->second;
}

void Library::check(abi::Status* status, FailureKind kind) const {
  if (status == nullptr) return;
  const int code = api_.GetErrorCode()(status);
  const std::string message = api_.GetErrorMessage()(status);
  api_.ReleaseStatus()(status);
  throw Failure(code == abi::kModelLoadCanceled ? FailureKind::kCanceled : kind, message);
}

std::string why_provider_does_not_load(const std::string& library_path, const std::string& provider) {
  // The provider's library calls the shared one, so that comes first, as it does inside ONNX Runtime.
  for (const std::string& name : {std::string("shared"), provider}) {
    const std::string path = folder_of(library_path) + "libonnxruntime_providers_" + name + ".so";
    void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) return loader_error();
    dlclose(handle);
  }
  return "";
}

std::string tensorrt_version() {
  for (const char* name : {"libnvinfer.so.11", "libnvinfer.so.10", "libnvinfer.so.8"}) {
    void* handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) continue;
    auto* get = reinterpret_cast<std::int32_t (*)()>(dlsym(handle, "getInferLibVersion"));
    if (get == nullptr) continue;
    // Two digits a part from 10 on (100300), one for the major version before (8602).
    const int version = get();
    const int major = version >= 100000 ? version / 10000 : version / 1000;
    const int rest = version - major * (version >= 100000 ? 10000 : 1000);
    return std::to_string(major) + "." + std::to_string(rest / 100) + "." + std::to_string(rest % 100);
  }
  return "";
}

}  // namespace cliport::onnxruntime

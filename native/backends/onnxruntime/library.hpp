// ONNX Runtime, found and loaded at run time: the library that onnxruntime-node ships, or any other of version 1.17 on.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "onnxruntime/abi.hpp"

namespace cliport::onnxruntime {

/// What kind of thing went wrong; the message says the rest.
enum class FailureKind {
  kLibrary,   ///< the library cannot be loaded, or is none
  kVersion,   ///< it is older than what is called here
  kOption,    ///< it does not know a provider's option, or refuses its value
  kProvider,  ///< an execution provider cannot be used
  kGraph,     ///< a graph cannot be opened or run
  kCanceled,  ///< somebody asked for the end
};

class Failure final : public std::runtime_error {
 public:
  Failure(FailureKind kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  FailureKind kind;
};

/// A loaded library and its one environment. Never unloaded: ONNX Runtime's threads and providers do not survive that.
class Library {
 public:
  /// The library of this path (a name without a slash is looked for as the system's loader does), loaded once.
  ///
  /// @throws Failure kLibrary with the loader's reason; kVersion; kLibrary when its telemetry is not turned off by
  /// ORT_DISABLE_TELEMETRY=1 in the environment of the process, which must be so before it loads. Any thread.
  static const Library& open(const std::string& path);

  const abi::Api& api() const { return api_; }
  const abi::Env* env() const { return env_; }
  const std::string& path() const { return path_; }        ///< of the file that was loaded, absolute
  const std::string& version() const { return version_; }  ///< e.g. "1.30.0"
  int table_version() const { return table_version_; }     ///< its minor version, which is that of its function table
  const std::string& build() const { return build_; }
  /// Execution providers that it was built with; whether they work shows only when one is tried.
  const std::vector<std::string>& providers() const { return providers_; }

  /// @throws Failure of this kind with the status' message
  void check(abi::Status* status, FailureKind kind) const;

 private:
  Library(std::string path, const abi::ApiBase& base);

  std::string path_;
  std::string version_;
  int table_version_ = 0;
  abi::Api api_;
  std::string build_;
  std::vector<std::string> providers_;
  const abi::Env* env_ = nullptr;
};

/// Why the shared library of a provider ("cuda", "tensorrt") beside ONNX Runtime's does not load, in the words of the
/// system's loader, which name the first part that is missing; empty when it does. ONNX Runtime writes this to stderr
/// only.
std::string why_provider_does_not_load(const std::string& library_path, const std::string& provider);

/// Version of the TensorRT library that the system's loader finds, e.g. "10.3.0"; empty without one.
std::string tensorrt_version();

/// Collects what ONNX Runtime logs on this thread (warnings and errors) for as long as it lives. Nothing is written to
/// stderr.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  friend void log_line(void*, int, const char*, const char*, const char*, const char*);
  std::vector<std::string> lines_;
  LogCapture* outer_;
};

/// An object of the library with its release function.
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

}  // namespace cliport::onnxruntime

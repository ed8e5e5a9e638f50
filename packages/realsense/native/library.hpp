// Finds librealsense2 at run time, checks it, and calls it.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "abi.hpp"

namespace realsense {

/// What went wrong, for a person; `code` becomes RealSenseError.code.
class Failure : public std::runtime_error {
 public:
  Failure(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}
  std::string code;
};

struct Attempt {
  std::string name, reason;
};

struct LibraryInfo {
  bool found = false;
  std::string path;            ///< the name or path under which it was found
  int version = 0;             ///< major * 10000 + minor * 100 + patch
  std::string code, reason;    ///< why it cannot be used; empty when found
  std::vector<Attempt> tried;  ///< every name that was tried and the loader's answer
  std::vector<std::string> missing_optional;
};

/// Loads the library once a process; a failed load may be tried again. With `path` only that file is tried, otherwise
/// $REALSENSE2_LIBRARY, otherwise versioned and bare names. Thread-safe.
LibraryInfo load_library(const std::string& path);

/// The loaded library. @throws Failure LIBRARY_MISSING and the like when there is none
const abi::Functions& library();
int library_version();

/// One context for all real and software devices of the process, made on first use. Its devices-changed callback feeds
/// devices.cpp.
abi::Context* shared_context();
/// Ends the context's threads; the next call of shared_context starts anew.
void delete_shared_context();

/// Turns an error of the library into a Failure and frees it.
void raise(abi::Error* error, const char* code);

/// Calls one function of the library: `call(library().open, sensor, profile)`.
template <typename Result, typename... Parameters, typename... Arguments>
Result call(Result (*function)(Parameters...), Arguments... arguments) {
  abi::Error* error = nullptr;
  if constexpr (std::is_void_v<Result>) {
    function(arguments..., &error);
    raise(error, "LIBRARY_ERROR");
  } else {
    Result result = function(arguments..., &error);
    raise(error, "LIBRARY_ERROR");
    return result;
  }
}

/// As `call`, where failing is fine (teardown, absent metadata): returns a default.
template <typename Result, typename... Parameters, typename... Arguments>
Result attempt(Result (*function)(Parameters...), Arguments... arguments) {
  abi::Error* error = nullptr;
  if constexpr (std::is_void_v<Result>) {
    function(arguments..., &error);
    if (error) library().free_error(error);
  } else {
    Result result = function(arguments..., &error);
    if (error) {
      library().free_error(error);
      return Result{};
    }
    return result;
  }
}

/// An optional function. @throws Failure FEATURE_MISSING
template <typename Function>
Function feature(Function function, const char* name) {
  if (function == nullptr) {
    throw Failure("FEATURE_MISSING", std::string("This librealsense2 has no rs2_") + name +
                                         ". Install a newer version, or do without the feature that needs it.");
  }
  return function;
}
#define REALSENSE_FEATURE(name) ::realsense::feature(::realsense::library().name, #name)

template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

/// An open handle of the library whose deletion is the given function of it.
template <typename T>
Owned<T> own(T* object, void (*deleter)(T*)) {
  return Owned<T>(object, deleter);
}

}  // namespace realsense

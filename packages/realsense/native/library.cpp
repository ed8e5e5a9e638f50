#include "library.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>

namespace realsense {
namespace {

struct Loaded {
  std::mutex mutex;
  std::atomic<void*> handle = nullptr;  ///< set last, read without the lock
  abi::Functions functions;
  LibraryInfo info;
  abi::Context* context = nullptr;
};

// Never destroyed: threads of the library may outlive static destructors.
Loaded& loaded() {
  static auto* const instance = new Loaded;
  return *instance;
}

constexpr const char* kHint =
    "Install librealsense2 2.50 or newer (packages librealsense2 and librealsense2-utils of the vendor, or build it "
    "from "
    "source), or name the file: option `library`, or REALSENSE2_LIBRARY=/path/to/librealsense2.so";

std::vector<std::string> candidates(const std::string& path) {
  if (!path.empty()) return {path};
  if (const char* named = std::getenv("REALSENSE2_LIBRARY"); named && *named) return {named};
  std::vector<std::string> names;
  // The soname carries the minor version; the bare name exists only where development files are installed.
  for (int minor = 60; minor >= 50; --minor) names.push_back("librealsense2.so.2." + std::to_string(minor));
  names.push_back("librealsense2.so.2");
  names.push_back("librealsense2.so");
  return names;
}

/// Fills the table; returns the missing names.
std::vector<std::string> resolve(void* handle, abi::Functions& functions, std::vector<std::string>& missing_optional) {
  std::vector<std::string> missing;
#define X(result, name, parameters)                                                         \
  functions.name = reinterpret_cast<decltype(functions.name)>(dlsym(handle, "rs2_" #name)); \
  if (!functions.name) missing.push_back("rs2_" #name);
  REALSENSE_REQUIRED(X)
#undef X
#define X(result, name, parameters)                                                         \
  functions.name = reinterpret_cast<decltype(functions.name)>(dlsym(handle, "rs2_" #name)); \
  if (!functions.name) missing_optional.push_back("rs2_" #name);
  REALSENSE_OPTIONAL(X)
#undef X
  return missing;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

/// The loader says the same of most names; what it says of itself ("name: ") is left out.
std::map<std::string, std::string> names_by_reason(const std::vector<Attempt>& tried) {
  std::map<std::string, std::string> names;
  for (const auto& [name, reason] : tried) {
    std::string& known = names[reason.starts_with(name + ": ") ? reason.substr(name.size() + 2) : reason];
    known += (known.empty() ? "" : ", ") + name;
  }
  return names;
}

std::string version_text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

/// Empty when the library accepts us, otherwise its words.
std::string refusal(const abi::Functions& functions) {
  abi::Error* error = nullptr;
  abi::Context* context = functions.create_context(abi::kRequestedVersion, &error);
  if (context) functions.delete_context(context);
  if (!error) return context ? "" : "it made no context";
  std::string message = functions.get_error_message(error);
  functions.free_error(error);
  return message;
}

/// Keeps this addon's code mapped: a worker thread's exit would unload it under threads of the library.
void pin_addon() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&pin_addon), &self))
    dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

LibraryInfo load_library(const std::string& path) {
  Loaded& l = loaded();
  std::lock_guard lock(l.mutex);
  if (l.info.found) return l.info;

  LibraryInfo info;
  void* handle = nullptr;
  for (const std::string& name : candidates(path)) {
    // Lazy: a library whose optional dependencies are absent still loads.
    handle = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle) {
      info.path = name;
      break;
    }
    info.tried.push_back({name, dlerror()});
  }
  if (!handle) {
    info.code = "LIBRARY_MISSING";
    info.reason = "librealsense2 was not found. Tried: ";
    for (const auto& [reason, names] : names_by_reason(info.tried)) info.reason += "\n  - " + names + ": " + reason;
    info.reason += std::string("\n") + kHint;
    return l.info = info;
  }

  abi::Functions functions;
  const std::vector<std::string> missing = resolve(handle, functions, info.missing_optional);
  if (!missing.empty()) {
    info.code = functions.get_api_version ? "LIBRARY_VERSION" : "LIBRARY_INVALID";
    info.reason = info.path + " was loaded but lacks " + joined(missing, ", ") + ": it is " +
                  (functions.get_api_version ? "too old a librealsense2. " : "no librealsense2. ") + kHint;
    dlclose(handle);
    return l.info = info;
  }
  abi::Error* error = nullptr;
  info.version = functions.get_api_version(&error);
  if (error) functions.free_error(error);
  if (const std::string words = refusal(functions); !words.empty()) {
    info.code = "LIBRARY_VERSION";
    info.reason = info.path + " is version " + version_text(info.version) +
                  ", which refuses the interface of version " + version_text(abi::kRequestedVersion) + ": " + words +
                  ". " + kHint;
    dlclose(handle);
    return l.info = info;
  }
  pin_addon();
  info.found = true;
  l.functions = functions;
  l.info = info;
  l.handle = handle;
  return info;
}

const abi::Functions& library() {
  Loaded& l = loaded();
  if (l.handle) return l.functions;
  const LibraryInfo info = load_library("");
  if (!info.found) throw Failure(info.code, info.reason);
  return l.functions;
}

int library_version() {
  library();
  return loaded().info.version;
}

void on_devices_changed(abi::DeviceList* removed, abi::DeviceList* added, void*);  // devices.cpp

abi::Context* shared_context() {
  const abi::Functions& functions = library();
  Loaded& l = loaded();
  std::lock_guard lock(l.mutex);
  if (!l.context) {
    l.context = call(functions.create_context, abi::kRequestedVersion);
    if (functions.set_devices_changed_callback) {
      call(functions.set_devices_changed_callback, static_cast<const abi::Context*>(l.context), &on_devices_changed,
           static_cast<void*>(nullptr));
    }
  }
  return l.context;
}

void delete_shared_context() {
  Loaded& l = loaded();
  std::lock_guard lock(l.mutex);
  if (l.context) l.functions.delete_context(l.context);
  l.context = nullptr;
}

void raise(abi::Error* error, const char* code) {
  if (!error) return;
  const abi::Functions& functions = library();
  const int type = functions.get_librealsense_exception_type(error);
  const std::string message =
      std::string(functions.get_error_message(error)) + " (" + functions.get_failed_function(error) + ")";
  functions.free_error(error);
  switch (type) {
    case abi::kExceptionDisconnected:
      throw Failure("CAMERA_DISCONNECTED", message);
    case abi::kExceptionBackend:
      throw Failure("CAMERA_BUSY", message);
    case abi::kExceptionRecovery:
      throw Failure("CAMERA_RECOVERY", message + ". Update its firmware with rs-fw-update -r.");
    default:
      throw Failure(code, message);
  }
}

}  // namespace realsense

// The classes that the addon exports.
#pragma once

#include <napi.h>

namespace realsense {

Napi::Function session_class(Napi::Env env);
Napi::Function software_class(Napi::Env env);
Napi::Function watcher_class(Napi::Env env);

}  // namespace realsense

// The binding: plain values in, plain values out. Options are checked, named and documented in TypeScript (src/).
#include <napi.h>

#include "classes.hpp"
#include "environment.hpp"
#include "task.hpp"
#include "values.hpp"

namespace realsense {
namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  begin_environment(env);

  exports.Set("load", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return to_js(info.Env(), load_library(info[0].IsString() ? info[0].ToString().Utf8Value() : ""));
              }));
  exports.Set("listDevices", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<std::vector<DeviceInfo>>::run(
                    info.Env(), [] { return list_devices(); },
                    [](Napi::Env e, const std::vector<DeviceInfo>& infos) { return to_js(e, infos); });
              }));
  exports.Set("listProfiles", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<std::vector<ProfileInfo>>::run(
                    info.Env(), [serial = info[0].ToString().Utf8Value()] { return list_profiles(serial); },
                    [](Napi::Env e, const std::vector<ProfileInfo>& infos) { return to_js(e, infos); });
              }));
  exports.Set("hardwareReset", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<bool>::run(
                    info.Env(),
                    [serial = info[0].ToString().Utf8Value()] {
                      hardware_reset(serial);
                      return true;
                    },
                    [](Napi::Env e, const bool&) { return e.Undefined(); });
              }));
  exports.Set("stopAll", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), stop_sessions(environment(info.Env())));
              }));
  exports.Set("softwareBuffersAlive", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), SoftwareDevice::buffers_alive());
              }));
  exports.Set("Session", session_class(env));
  exports.Set("SoftwareDevice", software_class(env));
  exports.Set("Watcher", watcher_class(env));
  return exports;
}

}  // namespace
}  // namespace realsense

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return realsense::init(env, exports); }
NODE_API_MODULE(realsense, Init)

// service_manager.node: what a service tells systemd (src/native/service-manager.ts), since Node.js has no AF_UNIX
// datagrams.

#include "service_manager.hpp"

#include <napi.h>

#include <string>

namespace cliport::addon {
namespace {

Napi::Value notify(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsString()) {
    throw Napi::TypeError::New(info.Env(), "Expected a string of assignments for notify");
  }
  try {
    return Napi::Boolean::New(info.Env(), notify_service_manager(info[0].As<Napi::String>().Utf8Value()));
  } catch (const NotifyError& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

Napi::Value watchdog_timeout(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(watchdog_timeout_us()));
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("notify", Napi::Function::New(env, cliport::addon::notify, "notify"));
  exports.Set("watchdogTimeoutUs", Napi::Function::New(env, cliport::addon::watchdog_timeout, "watchdogTimeoutUs"));
  return exports;
}
NODE_API_MODULE(service_manager, initialize)

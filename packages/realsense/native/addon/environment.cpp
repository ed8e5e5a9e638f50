#include "environment.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace realsense {
namespace {

std::atomic<int> environments{0};
/// How long the end of an environment waits for the library. Node itself never waits longer than this for us.
constexpr int kTeardownMs = 2000;

/// Runs before the environment's memory goes: no thread may touch JavaScript afterwards.
void end_environment(void* data) {
  auto* ending = static_cast<Environment*>(data);
  for (const int id : ending->listeners) unlisten_devices(id);
  ending->listeners.clear();
  const bool all_stopped = stop_sessions(*ending);
  for (const auto& weak : ending->software) {
    if (const auto device = weak.lock()) device->unplug();
  }
  if (--environments == 0 && all_stopped) delete_shared_context();
}

}  // namespace

Environment& environment(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

void begin_environment(Napi::Env env) {
  auto* state = new Environment;
  env.SetInstanceData(state);  // deleted with the environment, after end_environment
  ++environments;
  napi_add_env_cleanup_hook(env, end_environment, state);
}

bool stop_sessions(Environment& ending) {
  for (const auto& weak : ending.sessions) {
    if (const auto session = weak.lock()) session->request_stop();
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTeardownMs);
  bool all_stopped = true;
  for (const auto& weak : ending.sessions) {
    if (const auto session = weak.lock()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      all_stopped = session->wait_stopped(std::max<int>(1, static_cast<int>(left.count()))) && all_stopped;
    }
  }
  ending.sessions.clear();
  return all_stopped;
}

}  // namespace realsense

// What one JavaScript environment (the main thread's or a worker's) has open, and how it ends.
#pragma once

#include <napi.h>

#include <memory>
#include <set>
#include <vector>

#include "../session.hpp"
#include "../software.hpp"

namespace realsense {

/// What lives as long as one environment.
struct Environment {
  std::vector<std::weak_ptr<Session>> sessions;
  std::vector<std::weak_ptr<SoftwareDevice>> software;
  std::set<int> listeners;
};

/// The state of this environment; made by `begin_environment`.
Environment& environment(Napi::Env env);

/// Makes the state and has it ended with the environment.
void begin_environment(Napi::Env env);

/// Ends every session of an environment, in bounded time; whether the library let go of all.
bool stop_sessions(Environment& ending);

}  // namespace realsense

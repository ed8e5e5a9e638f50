#include "franka/realtime_guard.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <csignal>

namespace cliport::fci {
namespace {

constexpr rlim_t kLongestRunUs = 200'000;

bool limit_runs() {
  rlimit limit{};
  if (getrlimit(RLIMIT_RTTIME, &limit) != 0) return false;
  limit.rlim_cur = kLongestRunUs;
  return setrlimit(RLIMIT_RTTIME, &limit) == 0;
}

/// Runs on the thread that ran too long: the kernel sends the signal to it, and has raised the limit by a second.
void demote(int) {
  const sched_param ordinary{};
  sched_setscheduler(0, SCHED_OTHER, &ordinary);
  limit_runs();
}

bool install() {
  struct sigaction action {};
  action.sa_handler = demote;
  action.sa_flags = SA_RESTART;
  return sigaction(SIGXCPU, &action, nullptr) == 0 && limit_runs();
}

}  // namespace

bool guard_realtime() {
  static const bool installed = install();
  return installed;
}

}  // namespace cliport::fci

#include "franka/realtime_guard.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <csignal>

namespace cliport::fci {
namespace {

constexpr rlim_t kLongestRunUs = 200'000;

/// Runs on the thread that ran too long: the kernel sends the signal to it.
void demote(int) {
  const sched_param ordinary{};
  sched_setscheduler(0, SCHED_OTHER, &ordinary);
}

bool install() {
  struct sigaction action {};
  action.sa_handler = demote;
  action.sa_flags = SA_RESTART;
  rlimit limit{};
  if (sigaction(SIGXCPU, &action, nullptr) != 0 || getrlimit(RLIMIT_RTTIME, &limit) != 0) return false;
  if (limit.rlim_cur <= kLongestRunUs) return true;
  limit.rlim_cur = kLongestRunUs;
  return setrlimit(RLIMIT_RTTIME, &limit) == 0;
}

}  // namespace

bool guard_realtime() {
  static const bool installed = install();
  return installed;
}

}  // namespace cliport::fci

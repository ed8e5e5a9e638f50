#include "realtime.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <thread>

namespace cliport {

std::string lock_memory() {
  if (mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return "";
  return std::string("could not lock memory (") + std::strerror(errno) +
         "): cycles may wait for pages. Raise the limit 'memlock' of this user.";
}

std::string make_fifo(pthread_t thread, int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  const int error = pthread_setschedparam(thread, SCHED_FIFO, &parameters);
  if (error == 0) return "";
  return std::string("could not get real-time priority (") + std::strerror(error) +
         "): cycles may start late. Raise the limit 'rtprio' of this user.";
}

std::string pin_to_core(pthread_t thread, int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  const int error = pthread_setaffinity_np(thread, sizeof cores, &cores);
  if (error == 0) return "";
  return "could not keep the control loop on core " + std::to_string(core) + " (" + std::strerror(error) +
         "): it runs on any.";
}

bool may_use_fifo() {
  bool may = false;
  std::thread probe([&may] { may = make_fifo(pthread_self(), kControlPriority).empty(); });
  probe.join();
  return may;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void sleep_until_ns(std::int64_t at_ns) {
  const timespec at{static_cast<time_t>(at_ns / 1'000'000'000), static_cast<long>(at_ns % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

}  // namespace cliport

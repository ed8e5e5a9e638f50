// A bare loop that only sleeps until its next millisecond: what the machine itself allows, beside the controller's
// loop.
//
//   cliport-bench-timer SECONDS FIFO_PRIORITY        priority 0: ordinary scheduling
// Prints one JSON line like the last one of cliport-controller.
#include <pthread.h>

#include <cstdio>
#include <cstdlib>

#include "lateness.hpp"
#include "realtime.hpp"

int main(int argc, char** argv) {
  using namespace cliport;
  if (argc != 3) {
    std::fputs("Usage: cliport-bench-timer SECONDS FIFO_PRIORITY\n", stderr);
    return 2;
  }
  const std::int64_t cycles = std::atoll(argv[1]) * 1000;
  const int priority = std::atoi(argv[2]);
  lock_memory();
  const bool fifo = priority > 0 && make_fifo(pthread_self(), priority).empty();

  static Lateness lateness;
  std::int64_t deadline_ns = monotonic_ns();
  for (std::int64_t i = 0; i < cycles; ++i) {
    deadline_ns += 1'000'000;
    sleep_until_ns(deadline_ns);
    const std::int64_t now_ns = monotonic_ns();
    lateness.add(now_ns - deadline_ns);
    if (now_ns - deadline_ns > 5'000'000) deadline_ns = now_ns;  // as the controller does
  }
  std::printf("{\"event\":\"ended\",\"scheduler\":\"%s\",%s}\n", fifo ? "fifo" : "other", to_json(lateness).c_str());
  return EXIT_SUCCESS;
}

// What a real-time thread asks of the system. Every refusal is a warning: the loop runs anyway, later than it should.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <string>

namespace cliport {

inline constexpr int kControlPriority = 80;
inline constexpr int kEndpointPriority = 40;  ///< below the control loop, above everything ordinary

/// Locks all memory, present and future, so that no cycle waits for a page. @return warning, empty when it is locked
std::string lock_memory();

/// Gives a thread SCHED_FIFO. @return warning, empty when it was given
std::string make_fifo(pthread_t thread, int priority);

/// Keeps a thread on one core. @return warning, empty when it is kept there
std::string pin_to_core(pthread_t thread, int core);

/// Whether this process may use SCHED_FIFO at all.
bool may_use_fifo();

/// Nanoseconds of CLOCK_MONOTONIC, which is also std::chrono::steady_clock.
std::int64_t monotonic_ns();

/// Sleeps until an absolute time of that clock.
void sleep_until_ns(std::int64_t at_ns);

}  // namespace cliport

// What the machine grants a controller: for --check, before an arm depends on it.
#pragma once

#include <string>

#include "endpoint.hpp"
#include "keys.hpp"

namespace cliport {

struct CheckRequest {
  bool fifo = false;           ///< SCHED_FIFO is granted
  bool memory_locked = false;  ///< and mlockall
  int cpu = -1;                ///< core of the loop, -1: any
  std::string robot_ip;        ///< empty: there is no robot to reach
};

/// Measures for a few seconds: lateness of an idle 1 kHz loop, round trips over the endpoint's own sockets, and to the
/// robot by ICMP echoes of the size and rate of its states (a refused socket is reported, not an error).
/// @return members of a JSON object, without its braces: "kernel", "privileges", "loop", "link", "robot", "advice"
std::string check_system(const CheckRequest& request, const Endpoint& endpoint, const RuntimeKeys& keys);

}  // namespace cliport

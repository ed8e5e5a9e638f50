// A Franka arm behind the controller: its control loop runs the controller's cycle.
//
// Four kinds of time, on the control thread:
//   watching    the robot holds itself; every state runs one cycle            (disarmed, stopped, fault)
//   driving     the robot asks for a command each millisecond; one cycle each (armed, moving, stopping)
//   busy        libfranka talks to the robot: a motion begins or ends, a load is set, errors are recovered from
//   lost        there is no connection; a person's "recover" connects again
// While busy or lost a second thread runs the cycles, so that whoever looks at the controller sees it alive and a
// robot whose states stop coming becomes a fault at once, whatever libfranka is waiting for. The two never wait for
// each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cliport/controller.hpp"
#include "cliport/end_effector_thread.hpp"
#include "franka/connection.hpp"
#include "franka/settings.hpp"

namespace cliport::fci {

/// How the cycles went, since the start.
struct CycleReport {
  std::uint64_t driven = 0;         ///< cycles in which the robot got a command
  std::uint64_t lost = 0;           ///< states that did not come, or came too late, while driving
  std::uint64_t longest_lost = 0;   ///< of those, in a row; the robot gives up at 20
  double least_success_rate = 1.0;  ///< lowest share of the last 100 commands that the robot says it received in time
};

class Arm {
 public:
  using Clock = std::function<std::int64_t()>;
  using Warn = std::function<void(const std::string&)>;
  /// Told of every cycle, inside it: must be as quick as the cycle itself.
  using Observe = std::function<void(std::int64_t now_ns, const Measured&, const Reference&)>;

  /// Connects and sets up; nothing moves.
  /// @param clock the controller's clock, monotonic nanoseconds; called from two threads
  /// @param warn told, outside the cycle, what a person should read
  /// @throws ConnectError
  Arm(const Settings& settings, const ControllerConfig& config, Clock clock, Warn warn);
  ~Arm();
  Arm(const Arm&) = delete;
  Arm& operator=(const Arm&) = delete;

  /// Joints at the start.
  const Joints& q_rad() const;

  /// The control thread: runs until `ending`, which ends a motion too, so stop the arm first. Does not throw: what
  /// goes wrong with the robot is a fault of the controller's.
  /// @param end_effector carries out Reference::grasp; nullptr: there is none
  void run(Controller& controller, EndEffectorThread* end_effector, const std::atomic<bool>& ending,
           Observe observe = {});

  /// After run().
  CycleReport report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci

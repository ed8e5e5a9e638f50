// What cliport-controller moves: one arm, behind one function that runs the control thread.
#pragma once

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include "cliport/controller.hpp"
#include "lateness.hpp"
#include "options.hpp"
#include "trace.hpp"

namespace cliport {

/// A robot that cannot be used; says what to do.
class RobotAbsentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Backend {
 public:
  virtual ~Backend() = default;

  /// Joints at the start.
  virtual const Joints& q_rad() const = 0;

  /// The control thread: cycles until `ending`. @param trace nullptr: none is kept
  virtual void run(Controller& controller, const std::atomic<bool>& ending, Lateness& lateness, Trace* trace) = 0;

  /// After run(): what the arm itself has to say about it, as a JSON line; empty for nothing.
  virtual std::string report() const { return ""; }
};

/// @param strict a cycle that comes late is lost to the robot, as on a real one; otherwise the robot waits for it
std::unique_ptr<Backend> make_sim_backend(const ControllerCommandLine& line, const ControllerConfig& config,
                                          bool strict);

/// What the command line mounts on a Franka arm's flange.
EndEffectorModel franka_end_effector(const ControllerCommandLine& line);

/// @throws RobotAbsentError; UsageError when this executable was built without libfranka
std::unique_ptr<Backend> make_franka_backend(const ControllerCommandLine& line, const ControllerConfig& config);

}  // namespace cliport

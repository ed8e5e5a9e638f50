// From an address to a Franka arm that is known to be the right one and is set up.
#pragma once

#include <franka/model.h>
#include <franka/robot.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "franka/settings.hpp"

namespace cliport::fci {

/// A robot that cannot be reached, or is not the one that was configured; says what to do.
class ConnectError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Connection {
  std::unique_ptr<::franka::Robot> robot;
  /// The robot's own model, for Coriolis torques; absent when it does not give one.
  std::optional<::franka::Model> model;
  Load load;               ///< that was set
  bool is_set_up = false;  ///< see set_up
  ::franka::RobotState state;
  std::vector<std::string> warnings;
};

/// Connects, compares version and arm with the configuration, and sets the robot up unless it waits for a person.
/// Blocks: a second, or a minute when nobody answers. Nothing moves.
/// @throws ConnectError
Connection connect(const Settings& settings, const ControllerConfig& config);

/// Sets tool frame, load, thresholds and stiffness, and fetches the model.
/// @throws ConnectError when the robot's tool is not the configured one; franka::Exception
void set_up(Connection& connection, const Settings& settings, const ControllerConfig& config);

/// setLoad. @throws franka::Exception
void set_load(::franka::Robot& robot, const Load& load);

}  // namespace cliport::fci

// Between libfranka's words and the controller's.
#pragma once

#include <franka/robot_state.h>

#include <string_view>

#include "cliport/controller.hpp"

namespace cliport::fci {

/// The first of FCI's error names in a text such as libfranka's `["joint_reflex", "power_limit_violation"]`, as the
/// controller's reason; kNone when there is none that it knows.
Reason reason_in(std::string_view text);

/// Why the robot itself would not move: its errors, its stop, or kNone. Allocates while there is an error, and only
/// then: the robot has left the control loop by that time.
Reason fault_of(const ::franka::RobotState& state);

/// What the controller looks at. Neither the end effector nor `following`, which the state does not know.
Measured measured_of(const ::franka::RobotState& state);

/// Row-major from libfranka's column-major.
Transform transform_of(const std::array<double, 16>& columns);
std::array<double, 16> columns_of(const Transform& T);

}  // namespace cliport::fci

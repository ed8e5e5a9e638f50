// What the controller's files share, and nobody else.
#pragma once

#include "cliport/controller.hpp"
#include "cliport/trajectory.hpp"

namespace cliport {

LineLimits line_limits(const ControllerConfig& config);

std::array<double, 3> tool_position(const Joints& q_rad, const Tool& tool);

/// Whether some part of the arm comes into a keep-out box anywhere on a line that was planned.
bool enters_keep_out(const Line& line, const ControllerConfig& config);

/// @throws std::invalid_argument naming the setting, what it is and what it may be
void check_config(const ControllerConfig& config, const Joints& q_rad);

}  // namespace cliport

// What the controller's files share, and nobody else.
#pragma once

#include "cliport/controller.hpp"
#include "cliport/trajectory.hpp"

namespace cliport {

LineLimits line_limits(const ControllerConfig& config);

std::array<double, 3> tool_position(const Joints& q_rad, const Tool& tool);

/// @throws std::invalid_argument naming the setting, what it is and what it may be
void check_config(const ControllerConfig& config, const Joints& q_rad);

}  // namespace cliport

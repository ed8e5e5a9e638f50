// What the controller's files share, and nobody else.
#pragma once

#include <algorithm>
#include <array>

#include "cliport/controller.hpp"
#include "cliport/trajectory.hpp"

namespace cliport {

LineLimits line_limits(const ControllerConfig& config);

std::array<double, 3> tool_position(const Joints& q_rad, const Tool& tool);

/// Greatest speed of the tool in a segment: a descent may meet contact anywhere on its way.
inline double greatest_speed_mps(const Segment& segment) {
  const bool is_bounded = segment.kind == SegmentKind::kDescend && segment.contact_speed_mps > 0.0;
  return is_bounded ? std::min(segment.speed_mps, segment.contact_speed_mps) : segment.speed_mps;
}

/// Whether some part of the arm comes into a keep-out box anywhere on a line that was planned.
bool enters_keep_out(const Line& line, const ControllerConfig& config);

}  // namespace cliport

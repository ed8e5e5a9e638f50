// What the controller's files share, and nobody else.
#pragma once

#include <algorithm>
#include <array>
#include <span>

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

/// Whether some part of the arm comes into a keep-out box anywhere on a line, or path, that was planned.
bool enters_keep_out(const Line& line, const ControllerConfig& config);
bool enters_keep_out(const BlendedPath& path, const ControllerConfig& config);

/// The path of the moving segments at the beginning of a plan, up to the first that ends at rest: a move without a
/// blend radius, a descent, or a move before an end effector's segment. A move is blended into a descent only when it
/// comes straight down itself. None when fewer than two segments blend, or when the path cannot be planned: the
/// segments are then run from rest to rest, which asks less of the arm.
BlendedSegments plan_blends(std::span<const Segment> segments, const Joints& from_rad, const ControllerConfig& config);

}  // namespace cliport

// Which segments of a plan are run as one path.
#include <algorithm>
#include <cmath>

#include "controller_internal.hpp"

namespace cliport {
namespace {

constexpr double kVerticalM = 1e-4;
constexpr double kSameYawRad = 1e-6;

/// A descent begins at its own speed: only a way straight down can have slowed down to it without bending it.
bool comes_straight_down(const std::array<double, 3>& from, const Segment& move, const Segment& descent) {
  const std::array<double, 3>& at = move.p_base_m;
  return std::hypot(from[0] - at[0], from[1] - at[1]) <= kVerticalM && from[2] > at[2] + kVerticalM &&
         std::hypot(at[0] - descent.p_base_m[0], at[1] - descent.p_base_m[1]) <= kVerticalM &&
         at[2] > descent.p_base_m[2] + kVerticalM && std::abs(move.yaw_rad - descent.yaw_rad) <= kSameYawRad;
}

bool goes_on(const std::array<double, 3>& from, const Segment& now, const Segment& next) {
  if (now.kind != SegmentKind::kMove || !(now.blend_radius_m > 0.0)) return false;
  return next.kind == SegmentKind::kMove ||
         (next.kind == SegmentKind::kDescend && comes_straight_down(from, now, next));
}

}  // namespace

BlendedSegments plan_blends(std::span<const Segment> segments, const Joints& from_rad, const ControllerConfig& config) {
  BlendedSegments blended;
  while (blended.first < segments.size() && is_end_effector(segments[blended.first])) ++blended.first;
  std::array<Leg, BlendedPath::kMostLegs> legs;
  std::array<double, 3> from = tool_position(from_rad, config.tool);
  std::uint32_t count = 0;
  for (std::size_t i = blended.first; i < segments.size() && count < legs.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.kind != SegmentKind::kMove && segment.kind != SegmentKind::kDescend) break;
    legs[count++] = {.p_base_m = segment.p_base_m,
                     .yaw_rad = segment.yaw_rad,
                     .speed_mps = greatest_speed_mps(segment),
                     .blend_radius_m = segment.blend_radius_m,
                     .is_descent = segment.kind == SegmentKind::kDescend};
    if (i + 1 == segments.size() || !goes_on(from, segment, segments[i + 1])) break;
    from = segment.p_base_m;
  }
  if (count < 2) return blended;
  if (blended.path.plan(from_rad, std::span<const Leg>(legs.data(), count), line_limits(config))) blended.count = count;
  return blended;
}

}  // namespace cliport

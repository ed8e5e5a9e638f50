#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "controller_internal.hpp"

namespace cliport {
namespace {

// A start this far outside the box may come back in; the arm sags, and people push it.
constexpr double kStartOutsideM = 0.02;
constexpr double kVerticalM = 0.001;
constexpr double kRounding = 1e-9;
constexpr int kJointSamples = 200;

bool is_finite(const Segment& segment) {
  return std::isfinite(segment.p_base_m[0]) && std::isfinite(segment.p_base_m[1]) &&
         std::isfinite(segment.p_base_m[2]) && std::isfinite(segment.yaw_rad) && std::isfinite(segment.speed_mps) &&
         std::isfinite(segment.contact_speed_mps) && std::isfinite(segment.blend_radius_m) &&
         std::isfinite(segment.force_limit_n) &&
         std::all_of(segment.q_rad.begin(), segment.q_rad.end(), [](double q) { return std::isfinite(q); });
}

/// Metres that a point lies outside a box, along the worst axis; 0 or less inside.
double outside_m(const std::array<double, 3>& p, const Box& box) {
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < 3; ++i) most = std::max({most, box[2 * i] - p[i], p[i] - box[2 * i + 1]});
  return most;
}

/// Ways by joints are curved: sampled. One that begins outside may only come nearer.
bool stays_inside(const Line& line, const ControllerConfig& config) {
  double allowed_m = kRounding;
  for (int k = 0; k <= kJointSamples; ++k) {
    Joints q;
    line.joints(static_cast<double>(k) / kJointSamples, q);
    const double out_m = outside_m(tool_position(q, config.tool), config.motion_box_m);
    if (k == 0) allowed_m = std::max(allowed_m, out_m);
    if (!(out_m <= allowed_m + kRounding)) return false;
    allowed_m = std::max(kRounding, std::min(allowed_m, out_m));
  }
  return true;
}

/// Where the next segment may start: one place, or several on the line of a descent, highest first.
struct Starts {
  std::array<Joints, 3> q_rad{};
  std::size_t count = 0;

  std::span<const Joints> all() const { return {q_rad.data(), count}; }
};

Starts ends_of(const Line& line, SegmentKind kind) {
  Starts starts;
  if (kind == SegmentKind::kDescend) {
    line.joints(0.0, starts.q_rad[starts.count++]);
    line.joints(0.5, starts.q_rad[starts.count++]);
  }
  line.joints(1.0, starts.q_rad[starts.count++]);
  return starts;
}

/// Of a descent: where it begins, half-way and at its end.
Starts ends_of(const BlendedSegments& blended, SegmentKind kind) {
  Starts starts;
  const double end_s = blended.path.duration_s();
  if (kind == SegmentKind::kDescend) {
    const double begin_s = blended.path.leg_begins_s(blended.count - 1);
    blended.path.joints(begin_s, starts.q_rad[starts.count++]);
    blended.path.joints((begin_s + end_s) / 2.0, starts.q_rad[starts.count++]);
  }
  blended.path.joints(end_s, starts.q_rad[starts.count++]);
  return starts;
}

}  // namespace

std::array<double, 3> tool_position(const Joints& q_rad, const Tool& tool) {
  const Transform T = forward(q_rad, tool);
  return {T[3], T[7], T[11]};
}

LineLimits line_limits(const ControllerConfig& config) {
  return {
      .tool = config.tool,
      .joint_limits = config.joint_limits,
      .joint_margin_rad = config.joint_margin_rad,
      .linear = {config.speed_mps, config.acceleration_mps2, config.jerk_mps3},
      .angular = {config.yaw_speed_radps, config.yaw_acceleration_radps2, config.yaw_jerk_radps3},
      .stop = {config.speed_mps, config.stop_acceleration_mps2, config.stop_jerk_mps3},
  };
}

namespace {

/// Form, speed and ends of every segment.
Reason check_segments(std::span<const Segment> segments, const ControllerConfig& config) {
  for (const Segment& segment : segments) {
    if (is_end_effector(segment)) continue;
    if (!is_finite(segment)) return Reason::kNotFinite;
    if (!(segment.speed_mps > 0.0 && segment.speed_mps <= config.speed_mps + kRounding)) return Reason::kTooFast;
    if (segment.contact_speed_mps < 0.0 || segment.contact_speed_mps > config.speed_mps + kRounding)
      return Reason::kTooFast;
    if (segment.blend_radius_m < 0.0) return Reason::kNotFinite;
    if (segment.force_limit_n < 0.0 || segment.force_limit_n > config.force_ceiling_n) return Reason::kForceCeiling;
    if (segment.kind == SegmentKind::kJoints) continue;
    // The box is convex: with both ends inside it, so is every line.
    if (!(outside_m(segment.p_base_m, config.motion_box_m) <= kRounding)) return Reason::kOutsideWorkspace;
  }
  return Reason::kNone;
}

/// A descent goes straight down from where it begins.
bool is_vertical(const std::array<double, 3>& from, const Segment& descent) {
  const double aside = std::hypot(from[0] - descent.p_base_m[0], from[1] - descent.p_base_m[1]);
  return aside <= kVerticalM && descent.p_base_m[2] <= from[2] + kRounding;
}

/// The path lies within the triangles that its legs span, all of them inside the box with the segments' ends.
Reason check_blended(const BlendedSegments& blended, std::span<const Segment> segments, const Joints& from_rad,
                     const ControllerConfig& config, Starts& ends) {
  if (!(outside_m(tool_position(from_rad, config.tool), config.motion_box_m) <= kStartOutsideM)) {
    return Reason::kOutsideWorkspace;
  }
  const std::size_t last = blended.first + blended.count - 1;
  if (segments[last].kind == SegmentKind::kDescend && !is_vertical(segments[last - 1].p_base_m, segments[last])) {
    return Reason::kNotVertical;
  }
  if (enters_keep_out(blended.path, config)) return Reason::kKeepOut;
  ends = ends_of(blended, segments[last].kind);
  return Reason::kNone;
}

/// Reach and boxes along every segment that is run from rest to rest, from each place where it may start.
Reason check_lines(std::span<const Segment> segments, Starts starts, const ControllerConfig& config) {
  const LineLimits limits = line_limits(config);
  for (const Segment& segment : segments) {
    if (is_end_effector(segment)) continue;
    Starts ends;
    for (const Joints& start : starts.all()) {
      if (segment.kind == SegmentKind::kDescend) {
        if (!is_vertical(tool_position(start, config.tool), segment)) return Reason::kNotVertical;
      }
      Line line;
      if (segment.kind == SegmentKind::kJoints) {
        if (!line.plan_joints(start, segment.q_rad, segment.speed_mps, limits)) return Reason::kUnreachable;
        if (!stays_inside(line, config)) return Reason::kOutsideWorkspace;
      } else {
        const double start_m = outside_m(tool_position(start, config.tool), config.motion_box_m);
        if (!(start_m <= kStartOutsideM)) return Reason::kOutsideWorkspace;
        if (!line.plan(start, segment.p_base_m, segment.yaw_rad, greatest_speed_mps(segment), limits)) {
          return Reason::kUnreachable;
        }
      }
      if (enters_keep_out(line, config)) return Reason::kKeepOut;
      if (ends.count == 0) ends = ends_of(line, segment.kind);
    }
    starts = ends;
  }
  return Reason::kNone;
}

}  // namespace

Reason check_plan(const Command& plan, const Joints& from_rad, const ControllerConfig& config,
                  BlendedSegments* blended) {
  if (plan.segment_count == 0 || plan.segment_count > kMaxSegments) return Reason::kEmptyPlan;
  const std::span segments(plan.segments.data(), plan.segment_count);
  if (const Reason refusal = check_segments(segments, config); refusal != Reason::kNone) return refusal;
  const BlendedSegments together = plan_blends(segments, from_rad, config);
  if (blended != nullptr) *blended = together;
  Starts starts{{from_rad}, 1};
  std::size_t next = 0;
  if (together.count > 0) {
    const Reason refusal = check_blended(together, segments, from_rad, config, starts);
    if (refusal != Reason::kNone) return refusal;
    next = together.first + together.count;
  }
  return check_lines(segments.subspan(next), starts, config);
}

}  // namespace cliport

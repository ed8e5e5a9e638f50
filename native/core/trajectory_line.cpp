#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "cliport/trajectory.hpp"

namespace cliport {
namespace {

// Shares of the joint limits. A joint's acceleration is what the line's curvature takes plus what driving or stopping
// adds; stopping may take all that is left.
constexpr double kVelocityShare = 0.7;
constexpr double kCurvatureShare = 0.4;
constexpr double kDriveShare = 0.4;
constexpr double kWholeShare = 0.9;
constexpr double kStopJerkShare = 0.5;

constexpr double kSampleM = 0.005;
constexpr double kSampleRad = 0.05;
constexpr int kMostSamples = 128;
constexpr double kDifference = 1e-4;  // of s
constexpr double kNothing = 1e-9;     // metres or radians that are no motion
constexpr double kJumpRad = 0.8;      // between samples: the line passes the base axis

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/// Greatest absolute value.
double largest(const Joints& values) {
  double most = 0.0;
  for (double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// 0 to 1 with velocity and acceleration zero at both ends.
double fade(double s) {
  s = std::clamp(s, 0.0, 1.0);
  return s * s * s * (10.0 + s * (-15.0 + 6.0 * s));
}

std::array<double, 3> tip(const Joints& q_rad, const Tool& tool) {
  const Transform T = forward(q_rad, tool);
  return {T[3], T[7], T[11]};
}

/// What the joints allow the scalar s; infinite where they do not move.
struct Allowance {
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double velocity = kInfinity;
  double acceleration = kInfinity;
  double jerk = kInfinity;
  double stop_acceleration = kInfinity;
  double stop_jerk = kInfinity;

  /// Takes in joint i at q_rad, where its first and second derivative by s are `signed_slope` and at most `curve`.
  /// @param greatest_velocity that s will ever have
  void restrict(double q_rad, double signed_slope, double curve, const JointLimits& limits, std::size_t i,
                double greatest_velocity) {
    const double slope = std::abs(signed_slope);
    const double dq = limits.dq_max_at(i, q_rad, signed_slope);
    const double ddq = limits.ddq_max_radps2[i];
    const double allowed = std::min(kVelocityShare * dq / slope, std::sqrt(kCurvatureShare * ddq / curve));
    const double curving = curve * std::pow(std::min(allowed, greatest_velocity), 2);
    velocity = std::min(velocity, allowed);
    acceleration = std::min(acceleration, kDriveShare * ddq / slope);
    jerk = std::min(jerk, kDriveShare * limits.jerk_max_radps3[i] / slope);
    stop_acceleration = std::min(stop_acceleration, (kWholeShare * ddq - curving) / slope);
    stop_jerk = std::min(stop_jerk, kStopJerkShare * limits.jerk_max_radps3[i] / slope);
  }

  void restrict(const Allowance& other) {
    velocity = std::min(velocity, other.velocity);
    acceleration = std::min(acceleration, other.acceleration);
    jerk = std::min(jerk, other.jerk);
    stop_acceleration = std::min(stop_acceleration, other.stop_acceleration);
    stop_jerk = std::min(stop_jerk, other.stop_jerk);
  }
};

/// What both the tool's limits and the joints allow s.
MotionLimits within(const MotionLimits& tool, const Allowance& joints) {
  return {std::min(joints.velocity, tool.velocity), std::min(joints.acceleration, tool.acceleration),
          std::min(joints.jerk, tool.jerk)};
}

/// The fastest of the ways through a line that is cut in at most three: what the joints allow differs along it. None is
/// driven harder than `stop`, the weakest stop.
Profile fastest_way(const std::array<Allowance, Line::kParts>& along, const MotionLimits& tool,
                    const MotionLimits& whole, const MotionLimits& stop) {
  const auto piece = [&](int first, int end) {
    Allowance least;
    for (int k = first; k < end; ++k) least.restrict(along[k]);
    MotionLimits limits = within(tool, least);
    limits.acceleration = std::min(limits.acceleration, stop.acceleration);
    limits.jerk = std::min(limits.jerk, stop.jerk);
    return Piece{static_cast<double>(end - first) / Line::kParts, limits};
  };
  Profile best = Profile::rest_to_rest(1.0, whole);
  for (int first = 0; first < Line::kParts; ++first) {
    for (int end = first + 1; end <= Line::kParts; ++end) {
      std::array<Piece, Profile::kMostPieces> pieces;
      std::size_t count = 0;
      if (first > 0) pieces[count++] = piece(0, first);
      pieces[count++] = piece(first, end);
      if (end < Line::kParts) pieces[count++] = piece(end, Line::kParts);
      Profile profile;
      if (count > 1 && Profile::through({pieces.data(), count}, profile) && profile.duration_s() < best.duration_s()) {
        best = profile;
      }
    }
  }
  return best;
}

/// Limits of s for stopping. Never weaker than `least`, the drive, so that a stop from any state of it neither reverses
/// nor overshoots.
MotionLimits stopping(const MotionLimits& least, const Allowance& allowance, const LineLimits& limits, double path_m) {
  return {
      least.velocity,
      std::max(std::min(allowance.stop_acceleration, limits.stop.acceleration / path_m), least.acceleration),
      std::max(std::min(allowance.stop_jerk, limits.stop.jerk / path_m), least.jerk),
  };
}

}  // namespace

bool Line::joints(double s, Joints& q_rad) const {
  if (by_joints_) {
    for (std::size_t i = 0; i < 7; ++i) q_rad[i] = from_rad_[i] + s * turn_by_rad_[i];
    return true;
  }
  const std::array<double, 3> p{from_m_[0] + s * (to_m_[0] - from_m_[0]), from_m_[1] + s * (to_m_[1] - from_m_[1]),
                                from_m_[2] + s * (to_m_[2] - from_m_[2])};
  const double yaw = yaw_from_rad_ + s * turn_rad_;
  Joints q;
  if (!tool_down(p, yaw, tool_, q)) return false;
  q[6] = q[0] - yaw - tool_.flange_to_tcp_yaw_rad;  // not wrapped: joint 7 turns the way that was planned
  const double rest = 1.0 - fade(s);
  for (std::size_t i = 0; i < 7; ++i) q_rad[i] = q[i] + rest * offset_rad_[i];
  return true;
}

Profile Line::stop(const MotionState& from) const {
  const auto part_of = [](double s) { return std::clamp(static_cast<int>(s * kParts), 0, kParts - 1); };
  int part = part_of(from.position);
  MotionLimits limits = stop_[static_cast<std::size_t>(part)];
  for (;;) {
    const Profile profile = Profile::stop(from, limits);
    const int last = part_of(profile.end());
    if (last <= part) return profile;
    for (; part < last; ++part) {  // it comes to rest in parts that may allow less
      const MotionLimits& next = stop_[static_cast<std::size_t>(part + 1)];
      limits.acceleration = std::min(limits.acceleration, next.acceleration);
      limits.jerk = std::min(limits.jerk, next.jerk);
    }
  }
}

bool Line::plan(const Joints& from_rad, const std::array<double, 3>& p_base_m, double yaw_rad, double speed_mps,
                const LineLimits& limits) {
  const JointLimits& joint = limits.joint_limits;
  const Transform start = forward(from_rad, limits.tool);
  Joints first;
  Joints last;
  by_joints_ = false;
  tool_ = limits.tool;
  from_m_ = {start[3], start[7], start[11]};
  to_m_ = p_base_m;
  if (!tool_down(from_m_, yaw_of(start), tool_, first)) return false;
  if (!inverse(p_base_m, yaw_rad, tool_, joint, limits.joint_margin_rad, last)) return false;

  first[6] = from_rad[6] + std::remainder(first[6] - from_rad[6], 2.0 * std::numbers::pi);
  for (std::size_t i = 0; i < 7; ++i) offset_rad_[i] = from_rad[i] - first[i];
  if (!(largest(offset_rad_) <= kGreatestOffsetRad)) return false;
  yaw_from_rad_ = first[0] - first[6] - tool_.flange_to_tcp_yaw_rad;
  turn_rad_ = (last[0] - last[6] - tool_.flange_to_tcp_yaw_rad) - yaw_from_rad_;

  const bool offset = largest(offset_rad_) > kNothing;
  length_m_ = distance(from_m_, to_m_);
  profile_ = Profile();
  if (!offset && !(length_m_ > kNothing) && !(std::abs(turn_rad_) > kNothing)) return true;

  const double turn = std::abs(turn_rad_);
  const double wanted_velocity = std::min(speed_mps / length_m_, limits.angular.velocity / turn);
  const double wanted_samples = std::max(
      {length_m_ / kSampleM, turn / kSampleRad, largest(offset_rad_) / kSampleRad, static_cast<double>(kParts)});
  const int samples = kParts * static_cast<int>(std::ceil(std::min<double>(wanted_samples, kMostSamples) / kParts));

  std::array<Allowance, kParts> along;
  double path_m = length_m_;  // greatest metres a unit of s; more than the length while an offset fades
  Joints before;
  Joints at = from_rad;
  Joints after;
  for (int k = 0; k <= samples; ++k) {
    // Differences stay on the line; the quintic and the line are smooth, so one inside the end stands for the end.
    const double s = std::clamp(static_cast<double>(k) / samples, kDifference, 1.0 - kDifference);
    const Joints previous = at;
    Allowance sample;
    if (!joints(s - kDifference, before) || !joints(s, at) || !joints(s + kDifference, after)) return false;
    for (std::size_t i = 0; i < 7; ++i) {
      const double low = std::min(joint.q_min_rad[i] + limits.joint_margin_rad, from_rad[i]);
      const double high = std::max(joint.q_max_rad[i] - limits.joint_margin_rad, from_rad[i]);
      constexpr double kRounding = 1e-9;
      if (!(at[i] >= low - kRounding && at[i] <= high + kRounding)) return false;
      if (std::abs(at[i] - previous[i]) > kJumpRad) return false;

      const double slope = (after[i] - before[i]) / (2.0 * kDifference);
      const double curve = std::abs(after[i] - 2.0 * at[i] + before[i]) / (kDifference * kDifference);
      sample.restrict(at[i], slope, curve, joint, i, wanted_velocity);
    }
    // A sample bounds the way from its neighbours on both sides.
    for (int interval : {std::max(k - 1, 0), std::min(k, samples - 1)})
      along[interval * kParts / samples].restrict(sample);
    if (offset) {
      const std::array<double, 3> p = tip(at, tool_);
      std::array<double, 3> on_line;
      for (std::size_t i = 0; i < 3; ++i) on_line[i] = from_m_[i] + s * (to_m_[i] - from_m_[i]);
      if (!(distance(p, on_line) <= kGreatestDeviationM)) return false;
      path_m = std::max(path_m, distance(tip(after, tool_), tip(before, tool_)) / (2.0 * kDifference));
    }
  }

  const MotionLimits tool{
      std::min(wanted_velocity, speed_mps / path_m),
      std::min(limits.linear.acceleration / path_m, limits.angular.acceleration / turn),
      std::min(limits.linear.jerk / path_m, limits.angular.jerk / turn),
  };
  Allowance allowance;
  for (const Allowance& part : along) allowance.restrict(part);
  const MotionLimits drive = within(tool, allowance);
  const MotionLimits weakest = stopping(drive, allowance, limits, path_m);
  for (std::size_t part = 0; part < along.size(); ++part) stop_[part] = stopping(weakest, along[part], limits, path_m);
  profile_ = fastest_way(along, tool, drive, weakest);
  return true;
}

bool Line::plan_joints(const Joints& from_rad, const Joints& to_rad, double speed_mps, const LineLimits& limits) {
  const JointLimits& joint = limits.joint_limits;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!(to_rad[i] >= joint.q_min_rad[i] + limits.joint_margin_rad &&
          to_rad[i] <= joint.q_max_rad[i] - limits.joint_margin_rad)) {
      return false;
    }
    turn_by_rad_[i] = to_rad[i] - from_rad[i];
  }
  by_joints_ = true;
  from_rad_ = from_rad;
  tool_ = limits.tool;
  const double turn = largest(turn_by_rad_);
  profile_ = Profile();
  length_m_ = 0.0;
  if (!(turn > kNothing)) return true;

  const int samples = static_cast<int>(std::clamp(std::ceil(turn / kSampleRad), 8.0, double{kMostSamples}));
  Allowance allowance;
  double path_m = 0.0;  // greatest metres of the tool a unit of s
  std::array<double, 3> before = tip(from_rad, tool_);
  for (int k = 1; k <= samples; ++k) {
    Joints at;
    joints(static_cast<double>(k) / samples, at);
    for (std::size_t i = 0; i < 7; ++i) {
      // Neighbours bound what lies between them: the law of the range's ends is monotonic.
      const double earlier = at[i] - turn_by_rad_[i] / samples;
      allowance.restrict(at[i], turn_by_rad_[i], 0.0, joint, i, 0.0);
      allowance.restrict(earlier, turn_by_rad_[i], 0.0, joint, i, 0.0);
    }
    const std::array<double, 3> p = tip(at, tool_);
    length_m_ += distance(p, before);
    path_m = std::max(path_m, distance(p, before) * samples);
    before = p;
  }
  path_m = std::max(path_m, kNothing);
  // Turning joints bend the tool's way: what that adds to its acceleration is left to the joints' own limits.
  const MotionLimits tool{speed_mps / path_m, limits.linear.acceleration / path_m, limits.linear.jerk / path_m};
  const MotionLimits drive = within(tool, allowance);
  stop_.fill(stopping(drive, allowance, limits, path_m));
  profile_ = Profile::rest_to_rest(1.0, drive);
  return true;
}

}  // namespace cliport

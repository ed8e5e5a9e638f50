#include "controller_motion.hpp"

#include <algorithm>
#include <cmath>

#include "controller_internal.hpp"

namespace cliport {
namespace {

constexpr double kRounding = 1e-9;

// The way back to the line after lost cycles: the shortest of these that keeps within shares of the guard's limits
// wherever it is looked at. The line's own jerk takes the other half.
constexpr std::array<double, 7> kReturnsS{0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32};
constexpr int kLooks = 10;
constexpr double kReturnShare = 0.97;
constexpr double kReturnJerkShare = 0.45;

}  // namespace

Motion::Motion(const LineLimits& limits, const JointLimits& guard, double cycle_s, const Joints& q_rad)
    : limits_(limits), guard_(guard), cycle_s_(cycle_s), given_{q_rad}, on_line_{q_rad} {}

void Motion::hold(const Joints& q_rad) {
  given_.q_rad = q_rad;
  travelling_ = false;
  rest();
}

void Motion::rest() {
  given_.dq_radps.fill(0.0);
  given_.ddq_radps2.fill(0.0);
}

bool Motion::begin(const Segment& segment) {
  const bool planned =
      segment.kind == SegmentKind::kJoints
          ? line_.plan_joints(given_.q_rad, segment.q_rad, segment.speed_mps, limits_)
          : line_.plan(given_.q_rad, segment.p_base_m, segment.yaw_rad, greatest_speed_mps(segment), limits_);
  if (!planned) return false;
  on_path_ = false;
  begin_profile(line_.profile());
  return true;
}

void Motion::begin(const BlendedPath& path) {
  path_ = path;
  on_path_ = true;
  begin_m_ = tool_position(given_.q_rad, limits_.tool);
  begin_profile(path_.profile());
}

void Motion::begin_profile(const Profile& profile) {
  profile_ = profile;
  elapsed_s_ = 0.0;
  by_joint_ = false;
  on_line_ = given_;
  return_ = {};
  travelling_ = profile_.duration_s() > 0.0;
}

bool Motion::joints_at(double position, Joints& q_rad) const {
  return on_path_ ? path_.joints(position, q_rad) : line_.joints(position, q_rad);
}

Profile Motion::stop_from(const MotionState& state) const { return on_path_ ? path_.stop(state) : line_.stop(state); }

double Motion::travelled_m() const {
  if (!on_path_) return profile_.at(elapsed_s_).position * line_.length_m();
  const std::array<double, 3> p = tool_position(given_.q_rad, limits_.tool);
  return std::hypot(p[0] - begin_m_[0], p[1] - begin_m_[1], p[2] - begin_m_[2]);
}

void Motion::brake() {
  if (by_joint_) return;
  profile_ = stop_from(profile_.at(elapsed_s_));
  elapsed_s_ = 0.0;
  if (return_.lasts(returning_s_)) return_to_line();
}

bool Motion::step(int cycles) {
  if (!travelling_) return true;
  if (cycles > 1) follow_robot(cycles - 1);
  if (!by_joint_) return step_once();
  step_joints();
  return true;
}

bool Motion::step_once() {
  const bool reached = advance_line();
  returning_s_ += cycle_s_;
  Joints q = on_line_.q_rad;
  if (return_.lasts(returning_s_)) {
    const Joints offset = return_.at(returning_s_).q_rad;
    for (std::size_t i = 0; i < 7; ++i) q[i] += offset[i];
  }
  const State next = after(given_, q);
  if (!reached || !is_sound(next)) {
    stop_joints();
    step_joints();
    return false;
  }
  given_ = next;
  travelling_ = elapsed_s_ < profile_.duration_s() || return_.lasts(returning_s_);
  return true;
}

/// A cycle on the line. @return false beyond reach
bool Motion::advance_line() {
  elapsed_s_ += cycle_s_;
  Joints q = on_line_.q_rad;
  const bool reached = joints_at(profile_.at(elapsed_s_).position, q);
  on_line_ = after(on_line_, q);
  return reached;
}

Motion::State Motion::after(const State& before, const Joints& q_rad) const {
  State next{q_rad};
  for (std::size_t i = 0; i < 7; ++i) {
    next.dq_radps[i] = (q_rad[i] - before.q_rad[i]) / cycle_s_;
    next.ddq_radps2[i] = (next.dq_radps[i] - before.dq_radps[i]) / cycle_s_;
  }
  return next;
}

/// Takes over where the robot has gone in cycles without a command, and goes on from there.
void Motion::follow_robot(int lost) {
  for (int k = 0; k < lost; ++k) {
    for (std::size_t i = 0; i < 7; ++i) {
      given_.dq_radps[i] += given_.ddq_radps2[i] * cycle_s_;
      given_.q_rad[i] += given_.dq_radps[i] * cycle_s_;
    }
    if (!by_joint_) advance_line();
  }
  by_joint_ ? stop_joints() : return_to_line();
}

/// The shortest way that keeps within the limits, else the longest: then the guard has the last word.
void Motion::return_to_line() {
  State offset;
  for (std::size_t i = 0; i < 7; ++i) {
    offset.q_rad[i] = given_.q_rad[i] - on_line_.q_rad[i];
    offset.dq_radps[i] = given_.dq_radps[i] - on_line_.dq_radps[i];
    offset.ddq_radps2[i] = given_.ddq_radps2[i] - on_line_.ddq_radps2[i];
  }
  returning_s_ = 0.0;
  for (const double duration_s : kReturnsS) {
    return_ = Return(offset, duration_s, cycle_s_);
    if (is_feasible(return_)) return;
  }
}

/// Whether line and way back together keep within the guard's limits, at a few moments.
bool Motion::is_feasible(const Return& way) const {
  for (int k = 0; k <= kLooks; ++k) {
    const double t_s = way.duration_s() * k / kLooks;
    State line = on_line_;
    for (int cycle = 0; cycle <= 2; ++cycle) {
      Joints q = line.q_rad;
      if (!joints_at(profile_.at(elapsed_s_ + t_s + cycle * cycle_s_).position, q)) return false;
      line = after(line, q);
    }
    const State offset = way.at(t_s);
    const Joints jerk = way.jerk_radps3(t_s);
    for (std::size_t i = 0; i < 7; ++i) {
      if (!(std::abs(jerk[i]) <= kReturnJerkShare * guard_.jerk_max_radps3[i])) return false;
      if (k == 0) continue;  // that is where the robot is already
      const double dq = line.dq_radps[i] + offset.dq_radps[i];
      const double ddq = line.ddq_radps2[i] + offset.ddq_radps2[i];
      if (!(std::abs(dq) <= kReturnShare * guard_.dq_max_at(i, line.q_rad[i], dq))) return false;
      if (!(std::abs(ddq) <= kReturnShare * guard_.ddq_max_radps2[i])) return false;
    }
  }
  return true;
}

Motion::Return::Return(const State& offset, double duration_s, double cycle_s) : duration_s_(duration_s) {
  for (std::size_t i = 0; i < 7; ++i) {
    const double p = offset.q_rad[i];
    // A backward difference is the velocity half a cycle ago.
    const double v = (offset.dq_radps[i] + offset.ddq_radps2[i] * cycle_s / 2.0) * duration_s;
    const double a = offset.ddq_radps2[i] * duration_s * duration_s;
    coefficients_[i] = {
        p, v, a / 2.0, -10.0 * p - 6.0 * v - 1.5 * a, 15.0 * p + 8.0 * v + 1.5 * a, -6.0 * p - 3.0 * v - 0.5 * a};
  }
}

Motion::State Motion::Return::at(double t_s) const {
  State state;
  const double s = t_s / duration_s_;
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& c = coefficients_[i];
    state.q_rad[i] = c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * (c[4] + s * c[5]))));
    state.dq_radps[i] = (c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * (4.0 * c[4] + s * 5.0 * c[5])))) / duration_s_;
    state.ddq_radps2[i] =
        (2.0 * c[2] + s * (6.0 * c[3] + s * (12.0 * c[4] + s * 20.0 * c[5]))) / (duration_s_ * duration_s_);
  }
  return state;
}

Joints Motion::Return::jerk_radps3(double t_s) const {
  Joints jerk;
  const double s = t_s / duration_s_;
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& c = coefficients_[i];
    jerk[i] = (6.0 * c[3] + s * (24.0 * c[4] + s * 60.0 * c[5])) / (duration_s_ * duration_s_ * duration_s_);
  }
  return jerk;
}

bool Motion::is_sound(const State& next) const {
  for (std::size_t i = 0; i < 7; ++i) {
    const double dq = next.dq_radps[i];
    const double ddq = next.ddq_radps2[i];
    // Written so that NaN fails too.
    if (!(std::abs(dq) <= guard_.dq_max_at(i, given_.q_rad[i], dq) + kRounding)) return false;
    if (!(std::abs(ddq) <= guard_.ddq_max_radps2[i])) return false;
    if (!(std::abs(ddq - given_.ddq_radps2[i]) <= guard_.jerk_max_radps3[i] * cycle_s_)) return false;
  }
  return true;
}

/// Every joint for itself from here on.
void Motion::stop_joints() {
  by_joint_ = true;
  joint_stop_ = JointStop(given_.q_rad, given_.dq_radps, given_.ddq_radps2, guard_);
  elapsed_s_ = 0.0;
}

void Motion::step_joints() {
  elapsed_s_ += cycle_s_;
  given_ = after(given_, joint_stop_.at(elapsed_s_));
  travelling_ = elapsed_s_ < joint_stop_.duration_s();
}

}  // namespace cliport

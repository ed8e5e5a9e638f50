#include "controller_motion.hpp"

#include <algorithm>
#include <cmath>

namespace cliport {
namespace {

// Shares of the guard's limits with which joints brake for themselves.
constexpr double kAccelerationShare = 0.9;
constexpr double kJerkShare = 0.5;
constexpr double kRounding = 1e-9;

}  // namespace

Motion::Motion(const LineLimits& limits, const JointLimits& guard, double cycle_s, const Joints& q_rad)
    : limits_(limits), guard_(guard), cycle_s_(cycle_s), q_rad_(q_rad) {}

void Motion::hold(const Joints& q_rad) {
  q_rad_ = q_rad;
  travelling_ = false;
  rest();
}

void Motion::rest() {
  dq_radps_.fill(0.0);
  ddq_radps2_.fill(0.0);
}

bool Motion::begin(const Segment& segment) {
  const bool planned = segment.kind == SegmentKind::kJoints
                           ? line_.plan_joints(q_rad_, segment.q_rad, segment.speed_mps, limits_)
                           : line_.plan(q_rad_, segment.p_base_m, segment.yaw_rad, segment.speed_mps, limits_);
  if (!planned) return false;
  profile_ = line_.profile();
  elapsed_s_ = 0.0;
  by_joint_ = false;
  travelling_ = profile_.duration_s() > 0.0;
  return true;
}

void Motion::brake() {
  if (by_joint_) return;
  profile_ = Profile::stop(profile_.at(elapsed_s_), line_.stop());
  elapsed_s_ = 0.0;
}

bool Motion::step(int cycles) {
  const double dt_s = cycles * cycle_s_;
  if (by_joint_) {
    step_joints(dt_s);
    return true;
  }
  Joints q = q_rad_;
  bool sound = line_.joints(profile_.at(elapsed_s_ + dt_s).position, q);
  Joints dq;
  Joints ddq;
  for (std::size_t i = 0; i < 7; ++i) {
    dq[i] = (q[i] - q_rad_[i]) / dt_s;
    ddq[i] = (dq[i] - dq_radps_[i]) / dt_s;
  }
  if (!sound || !is_sound(dq, ddq, dt_s)) {
    brake_joints();
    step_joints(dt_s);
    return false;
  }
  elapsed_s_ += dt_s;
  q_rad_ = q;
  dq_radps_ = dq;
  ddq_radps2_ = ddq;
  travelling_ = elapsed_s_ < profile_.duration_s();
  return true;
}

bool Motion::is_sound(const Joints& dq, const Joints& ddq, double dt_s) const {
  for (std::size_t i = 0; i < 7; ++i) {
    // Written so that NaN fails too.
    if (!(std::abs(dq[i]) <= guard_.dq_max_at(i, q_rad_[i], dq[i]) + kRounding)) return false;
    if (!(std::abs(ddq[i]) <= guard_.ddq_max_radps2[i])) return false;
    if (!(std::abs(ddq[i] - ddq_radps2_[i]) <= guard_.jerk_max_radps3[i] * dt_s)) return false;
  }
  return true;
}

void Motion::brake_joints() {
  by_joint_ = true;
  travelling_ = false;
  elapsed_s_ = 0.0;
  for (std::size_t i = 0; i < 7; ++i) {
    const double sign = dq_radps_[i] < 0.0 ? -1.0 : 1.0;
    joint_sign_[i] = sign;
    joint_profiles_[i] =
        Profile::stop({sign * q_rad_[i], sign * dq_radps_[i], sign * ddq_radps2_[i]},
                      {0.0, kAccelerationShare * guard_.ddq_max_radps2[i], kJerkShare * guard_.jerk_max_radps3[i]});
    travelling_ = travelling_ || joint_profiles_[i].duration_s() > 0.0;
  }
}

void Motion::step_joints(double dt_s) {
  elapsed_s_ += dt_s;
  travelling_ = false;
  for (std::size_t i = 0; i < 7; ++i) {
    const double q = joint_sign_[i] * joint_profiles_[i].at(elapsed_s_).position;
    const double dq = (q - q_rad_[i]) / dt_s;
    ddq_radps2_[i] = (dq - dq_radps_[i]) / dt_s;
    dq_radps_[i] = dq;
    q_rad_[i] = q;
    travelling_ = travelling_ || elapsed_s_ < joint_profiles_[i].duration_s();
  }
}

}  // namespace cliport

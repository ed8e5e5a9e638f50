#include "controller_motion.hpp"

#include <cmath>

namespace cliport {
namespace {

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
  profile_ = line_.stop(profile_.at(elapsed_s_));
  elapsed_s_ = 0.0;
}

bool Motion::step(int cycles) {
  bool sound = true;
  // One by one: what the robot takes differences of is a cycle apart, also after cycles that were lost.
  for (int i = 0; i < cycles && travelling_; ++i) sound = step_once() && sound;
  return sound;
}

bool Motion::step_once() {
  if (by_joint_) {
    step_joints();
    return true;
  }
  Joints q = q_rad_;
  const bool reached = line_.joints(profile_.at(elapsed_s_ + cycle_s_).position, q);
  Joints dq;
  Joints ddq;
  for (std::size_t i = 0; i < 7; ++i) {
    dq[i] = (q[i] - q_rad_[i]) / cycle_s_;
    ddq[i] = (dq[i] - dq_radps_[i]) / cycle_s_;
  }
  if (!reached || !is_sound(dq, ddq)) {
    by_joint_ = true;
    joint_stop_ = JointStop(q_rad_, dq_radps_, ddq_radps2_, guard_);
    elapsed_s_ = 0.0;
    step_joints();
    return false;
  }
  elapsed_s_ += cycle_s_;
  q_rad_ = q;
  dq_radps_ = dq;
  ddq_radps2_ = ddq;
  travelling_ = elapsed_s_ < profile_.duration_s();
  return true;
}

bool Motion::is_sound(const Joints& dq, const Joints& ddq) const {
  for (std::size_t i = 0; i < 7; ++i) {
    // Written so that NaN fails too.
    if (!(std::abs(dq[i]) <= guard_.dq_max_at(i, q_rad_[i], dq[i]) + kRounding)) return false;
    if (!(std::abs(ddq[i]) <= guard_.ddq_max_radps2[i])) return false;
    if (!(std::abs(ddq[i] - ddq_radps2_[i]) <= guard_.jerk_max_radps3[i] * cycle_s_)) return false;
  }
  return true;
}

void Motion::step_joints() {
  elapsed_s_ += cycle_s_;
  const Joints q = joint_stop_.at(elapsed_s_);
  for (std::size_t i = 0; i < 7; ++i) {
    const double dq = (q[i] - q_rad_[i]) / cycle_s_;
    ddq_radps2_[i] = (dq - dq_radps_[i]) / cycle_s_;
    dq_radps_[i] = dq;
  }
  q_rad_ = q;
  travelling_ = elapsed_s_ < joint_stop_.duration_s();
}

}  // namespace cliport

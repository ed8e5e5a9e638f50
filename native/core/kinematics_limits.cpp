#include <algorithm>
#include <cmath>

#include "cliport/kinematics.hpp"

namespace cliport {

double JointLimits::dq_max_at(std::size_t i, double q_rad, double sign) const {
  if (!(slow_deceleration_radps2[i] > 0.0)) return dq_max_radps[i];
  const double left_rad = sign < 0.0 ? q_rad - q_min_rad[i] : q_max_rad[i] - q_rad;
  const double near_end = std::sqrt(2.0 * slow_deceleration_radps2[i] * std::max(0.0, left_rad)) - slow_offset_radps[i];
  return std::clamp(near_end, 0.0, dq_max_radps[i]);
}

JointLimits panda_joint_limits() {
  return {
      .q_min_rad = {-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973},
      .q_max_rad = {2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973},
      .dq_max_radps = {2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61},
      .ddq_max_radps2 = {15, 7.5, 10, 12.5, 15, 20, 20},
      .jerk_max_radps3 = {7500, 3750, 5000, 6250, 7500, 10000, 10000},
  };
}

JointLimits fr3_joint_limits() {
  return {
      .q_min_rad = {-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159},
      .q_max_rad = {2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159},
      .dq_max_radps = {2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26},
      .ddq_max_radps2 = {10, 10, 10, 10, 10, 10, 10},
      .jerk_max_radps3 = {5000, 5000, 5000, 5000, 5000, 5000, 5000},
      .slow_offset_radps = {0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35},
      .slow_deceleration_radps2 = {6.0, 2.585, 3.5, 4.0, 17.0, 5.5, 17.0},
  };
}

JointLimits joint_limits_of(ArmModel model) {
  return model == ArmModel::kFr3 ? fr3_joint_limits() : panda_joint_limits();
}

// The Panda's greatest speed is 1.7 m/s in Franka's documentation and 2.0 in libfranka 0.9.2; the lower one holds.
CartesianLimits cartesian_limits_of(ArmModel model) {
  if (model == ArmModel::kFr3) return {3.0, 9.0, 4500.0, 2.5, 17.0, 8500.0};
  return {1.7, 13.0, 6500.0, 2.5, 25.0, 12500.0};
}

const char* to_string(ArmModel model) { return model == ArmModel::kFr3 ? "fr3" : "panda"; }

}  // namespace cliport

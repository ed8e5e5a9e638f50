// Kinematics of the Franka arm (Panda/FER and FR3 share them): forward, Jacobian, inverse with the tool pointing down.
#pragma once

#include <array>

namespace cliport {

using Joints = std::array<double, 7>;
/// 4x4 row-major homogeneous transform, metres. T_base_tool maps tool coordinates to base.
using Transform = std::array<double, 16>;

/// Tool centre point in the flange's frame: along its z axis, turned about it. The defaults are the Franka hand's
/// mounting (-45 degrees) and a suction cup as long as the hand.
struct Tool {
  double flange_to_tcp_m = 0.1034;
  double flange_to_tcp_yaw_rad = -0.7853981633974483;
};

struct JointLimits {
  Joints q_min_rad;
  Joints q_max_rad;
  Joints dq_max_radps;
  Joints ddq_max_radps2;
  Joints jerk_max_radps3;
};

/// Limits of the Panda/FER (Franka control parameters, "Limits for Panda").
JointLimits panda_joint_limits();

/// T_base_tool for joint angles (modified DH after Craig; Franka's published table).
Transform forward(const Joints& q_rad, const Tool& tool);

/// T_base_link of links 1..7 and the flange, in order.
std::array<Transform, 8> link_transforms(const Joints& q_rad);

/// Joint angles with the tool straight down at p_base_m, turned by yaw_rad about base z; the solution nearest the rest
/// posture, at least margin_rad inside every limit.
/// @return false when there is none; q_rad is then unchanged
/// Allocates nothing.
bool inverse(const std::array<double, 3>& p_base_m, double yaw_rad, const Tool& tool, const JointLimits& limits,
             double margin_rad, Joints& q_rad);

}  // namespace cliport
